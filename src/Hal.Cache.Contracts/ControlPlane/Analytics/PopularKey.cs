namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A key with its reads, which are at most <see cref="ReadsOvercount"/> too high and never too low.</summary>
public sealed record PopularKey(CacheKey Key, long Reads, long ReadsOvercount);
