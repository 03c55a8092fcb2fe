namespace Hal.Cache.Contracts.Storage;

/// <summary>What a reclaim pass needs: which tier is short, the clock in seconds, and the share of walked bytes that may stay (0 to 1).</summary>
/// <param name="IsOldest">
/// Whether what is walked was written before everything else that the tier has: what was not used since then is what was not used for longest.
/// </param>
public readonly record struct ReclaimContext(ReclaimTier Tier, uint Clock, double KeepShare, bool IsOldest = false);
