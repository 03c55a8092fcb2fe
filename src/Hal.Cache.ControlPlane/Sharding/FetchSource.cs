namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>A fetch in flight; the source is null where it is the origin.</summary>
public sealed record FetchSource(string Instance, string? Source);
