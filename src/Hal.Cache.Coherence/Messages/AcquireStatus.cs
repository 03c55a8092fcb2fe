namespace Hal.Cache.Coherence.Messages;

/// <summary>How an <see cref="AcquireItem"/> was answered.</summary>
public enum AcquireStatus
{
    /// <summary>The key exists in the version named.</summary>
    Found,

    /// <summary>The key does not exist; the version is the newest of the key's shard, below that of any later change of the key.</summary>
    Absent,

    /// <summary>A limit of the authority is reached; the holder is not registered and nothing is known.</summary>
    Busy,
}
