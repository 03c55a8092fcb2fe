namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>How often a key was read, hits and misses together.</summary>
public sealed record KeyReads(CacheKey Key, long Reads);
