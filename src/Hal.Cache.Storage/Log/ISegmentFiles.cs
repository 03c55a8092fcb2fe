namespace Hal.Cache.Storage.Log;

/// <summary>
/// The log's files. Write, Sync, Cut, Delete and WriteMark are called by one thread at a time; reads by any. All throw
/// <see cref="IOException"/> when the device fails.
/// </summary>
internal interface ISegmentFiles : IDisposable
{
    int SegmentBytes { get; }

    /// <summary>Length of all files, in bytes.</summary>
    long Bytes { get; }

    /// <summary>Numbers of the segments, ascending.</summary>
    IReadOnlyList<long> Segments { get; }

    long LengthOf(long segment);

    void Write(long segment, int offset, ReadOnlySpan<byte> bytes);

    /// <summary>Makes everything written durable.</summary>
    void Sync();

    /// <summary>Reads until the buffer is full or the file ends; returns the bytes read, or a negative number when there is no such file.</summary>
    int Read(long segment, int offset, Span<byte> buffer);

    /// <summary>The same if no wait for the disk is needed; false otherwise.</summary>
    bool TryReadNow(long segment, int offset, Span<byte> buffer);

    /// <summary>The same as <see cref="Read"/>; not to be cancelled, as the buffer is in use until it ends.</summary>
    ValueTask<int> ReadAsync(long segment, int offset, Memory<byte> buffer);

    /// <summary>Makes the segment read as zeros from the offset on, durably.</summary>
    void Cut(long segment, int offset);

    /// <summary>Removes a segment; reads under way finish or find no file.</summary>
    void Delete(long segment);

    /// <summary>Bytes that the file system has free for this user.</summary>
    long FreeBytes();

    /// <summary>The mark file; null when there is none.</summary>
    byte[]? ReadMark();

    void WriteMark(int offset, ReadOnlySpan<byte> bytes, bool durable);
}
