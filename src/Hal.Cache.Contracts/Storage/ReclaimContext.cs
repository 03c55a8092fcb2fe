namespace Hal.Cache.Contracts.Storage;

/// <summary>What a reclaim pass needs: which tier is short, the clock in seconds, and the share of walked bytes that may stay (0 to 1).</summary>
public readonly record struct ReclaimContext(ReclaimTier Tier, uint Clock, double KeepShare);
