namespace Hal.Cache.Contracts.Storage;

/// <summary>Which resource a reclaim pass makes room in.</summary>
public enum ReclaimTier
{
    /// <summary>Values leave memory; they stay in the log where there is one.</summary>
    Memory,

    /// <summary>Objects leave the store.</summary>
    Store,
}
