namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A stored list of keys.</summary>
public sealed record ManifestInfo(string Manifest, int Keys, DateTimeOffset StoredAt);
