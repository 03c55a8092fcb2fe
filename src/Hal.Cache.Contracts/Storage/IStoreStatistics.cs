namespace Hal.Cache.Contracts.Storage;

/// <summary>Sizes and counters of a store; all in bytes or events since the start, readable from any thread.</summary>
public interface IStoreStatistics
{
    /// <summary>Memory in use for values, keys, tables and the log's buffer.</summary>
    long MemoryBytes { get; }

    /// <summary>The bound of <see cref="MemoryBytes"/> as it is now.</summary>
    long MemoryLimitBytes { get; }

    /// <summary>Highest <see cref="MemoryBytes"/> so far.</summary>
    long MemoryPeakBytes { get; }

    /// <summary>Memory of the key table without keys and values.</summary>
    long TableBytes { get; }

    /// <summary>Size of the log's files.</summary>
    long DiskBytes { get; }

    long DiskLimitBytes { get; }

    /// <summary>What the live records take in the log.</summary>
    long LiveBytes { get; }

    long Keys { get; }

    long Expired { get; }

    long Evicted { get; }

    /// <summary>Values that left memory for the log.</summary>
    long Spilled { get; }

    /// <summary>Values read back from the log.</summary>
    long Loaded { get; }

    /// <summary>Bytes that reclaiming wrote again.</summary>
    long RewrittenBytes { get; }

    /// <summary>Records that failed their checksum.</summary>
    long Corrupt { get; }

    /// <summary>Changes since the last save.</summary>
    long Unsaved { get; }

    /// <summary>When everything was last durable, in Unix milliseconds.</summary>
    long SavedAt { get; }

    /// <summary>One line where writes are refused (disk full, device failure), null where all is well.</summary>
    string? Problem { get; }

    string PolicyName { get; }
}
