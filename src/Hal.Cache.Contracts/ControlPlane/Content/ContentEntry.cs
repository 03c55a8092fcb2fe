namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>One object at one instance.</summary>
public sealed record ContentEntry(CacheKey Key, long SizeBytes, long Version);
