namespace Hal.Cache.Storage;

/// <summary>The store's budgets in bytes, as they follow from its options.</summary>
internal sealed record StoreLimits
{
    public required long MemoryBytes { get; init; }

    /// <summary>Memory that is kept free by reclaiming, so that writes need not wait.</summary>
    public required long MemorySlackBytes { get; init; }

    /// <summary>Most of the log's address space, live and dead.</summary>
    public required long LogBytesMax { get; init; }

    /// <summary>Most live bytes: beyond this, reclaiming would write each record over and over to gain little.</summary>
    public required long LiveBytesMax { get; init; }

    /// <summary>Least memory with which reclaiming still has something to work with.</summary>
    public long MemoryBytesMin => Math.Min(MemoryBytes, 4 * MemorySlackBytes);

    public long LiveSlackBytes => LiveBytesMax / 32;
}
