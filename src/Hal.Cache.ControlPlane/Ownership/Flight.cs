namespace Hal.Cache.ControlPlane.Ownership;

/// <summary>A fetch in flight at an instance; times in milliseconds of the host's clock.</summary>
internal readonly record struct Flight(ushort Instance, long SizeBytes, long Version, string? Source, long EndsAtMs);
