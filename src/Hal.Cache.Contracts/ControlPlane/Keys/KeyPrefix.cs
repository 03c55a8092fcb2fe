namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The keys of one database that begin with some bytes (1 to <see cref="ControlPlaneLimits.PrefixBytesMax"/>), told as a key is.</summary>
public sealed record KeyPrefix(CacheKey Start);
