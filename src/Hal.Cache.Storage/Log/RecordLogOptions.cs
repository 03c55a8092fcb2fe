namespace Hal.Cache.Storage.Log;

/// <summary>Settings of the record log.</summary>
internal sealed class RecordLogOptions
{
    public const int PagesMin = 4;
    public const int PageBytesMin = 64 << 10;

    /// <summary>Size of one page, in bytes, a power of two; no record is longer, and none spans two pages.</summary>
    public int PageBytes { get; init; } = 4 << 20;

    /// <summary>Memory of the log, in bytes, a power of two of at least <see cref="PagesMin"/> pages.</summary>
    public int BufferBytes { get; init; } = 32 << 20;

    /// <summary>Size of one file, in bytes, a power of two of at least one page.</summary>
    public int SegmentBytes { get; init; } = 64 << 20;

    public LogDurability Durability { get; init; } = LogDurability.Commit;

    /// <summary>Longest time that a record stays uncommitted under <see cref="LogDurability.Interval"/>.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between two tries to write while the device fails or is full.</summary>
    public TimeSpan RetryInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Writers are held back (<see cref="IRecordLog.HasRoom"/>) while the file system has less than this free, in bytes; room for what is
    /// buffered, and for one segment to copy live records to.
    /// </summary>
    public long FreeDiskReserveBytes { get; init; } = 128L << 20;

    /// <summary>The rule that a setting breaks, with the setting and its value; null when all are fine.</summary>
    public string? Problem()
    {
        if (!IsPowerOfTwo(PageBytes) || PageBytes < PageBytesMin)
            return $"PageBytes is {PageBytes}; it must be a power of two of at least {PageBytesMin}.";
        if (!IsPowerOfTwo(BufferBytes) || BufferBytes / PagesMin < PageBytes)
            return $"BufferBytes is {BufferBytes}; it must be a power of two of at least {PagesMin} pages of {PageBytes}.";
        if (!IsPowerOfTwo(SegmentBytes) || SegmentBytes < PageBytes)
            return $"SegmentBytes is {SegmentBytes}; it must be a power of two of at least one page of {PageBytes}.";
        if (FreeDiskReserveBytes < 0)
            return $"FreeDiskReserveBytes is {FreeDiskReserveBytes}; it must not be negative.";
        if (CommitInterval <= TimeSpan.Zero || RetryInterval <= TimeSpan.Zero)
            return $"CommitInterval is {CommitInterval} and RetryInterval {RetryInterval}; both must be positive.";
        return null;

        static bool IsPowerOfTwo(int value) => value > 0 && int.IsPow2(value);
    }
}
