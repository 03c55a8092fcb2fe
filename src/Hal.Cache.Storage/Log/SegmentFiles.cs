using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Hal.Cache.Storage.Log;

/// <summary>Segments as files of one directory, made at their full size.</summary>
internal sealed class SegmentFiles : ISegmentFiles
{
    private const string Suffix = ".log";
    private const string MarkName = "mark";
    private const int SmallWriteBytesMax = 32 << 10;
    private static readonly byte[] Zeros = new byte[512 << 10];
    private readonly string directory;
    private readonly ConcurrentDictionary<long, SafeFileHandle> segments = new();
    private readonly HashSet<long> unsynced = [];
    private readonly ReadThreads readers;
    private readonly BulkWrites bulk;
    private SafeFileHandle? mark;
    private bool namesUnsynced;
    private long bytes;
    private long filling = -1; // the segment whose end is written now
    private int filledUntil;

    public SegmentFiles(string directory, int segmentBytes, TimeProvider time)
    {
        (this.directory, SegmentBytes) = (directory, segmentBytes);
        bulk = new BulkWrites(time);
        readers = new ReadThreads((segment, offset, buffer) => Read(segment, offset, buffer.Span));
        Directory.CreateDirectory(directory);
        foreach (var path in Directory.EnumerateFiles(directory, "*" + Suffix))
        {
            if (!long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                continue;
            var file = segments[number] = Open(path, FileMode.Open, 0);
            bytes += RandomAccess.GetLength(file);
            unsynced.Add(number); // whoever wrote it may have died before the sync
        }
    }

    public int SegmentBytes { get; }

    public long Bytes => Volatile.Read(ref bytes);

    public IReadOnlyList<long> Segments => [.. segments.Keys.Order()];

    public long LengthOf(long segment) => RandomAccess.GetLength(segments[segment]);

    public void Write(long segment, int offset, ReadOnlySpan<byte> bytes)
    {
        if (!segments.TryGetValue(segment, out var file))
            file = Create(segment);
        unsynced.Add(segment);
        bulk.Write(segment, PathOf(segment), file, offset, bytes);
        FillAhead(segment, file, offset + bytes.Length, bytes.Length);
    }

    public void Sync()
    {
        foreach (var segment in unsynced)
            if (segments.TryGetValue(segment, out var file))
                Posix.SyncData(file);
        unsynced.Clear();
        if (!namesUnsynced)
            return;
        Posix.SyncDirectory(directory);
        namesUnsynced = false;
    }

    public int Read(long segment, int offset, Span<byte> buffer)
    {
        if (!segments.TryGetValue(segment, out var file))
            return -1;
        try
        {
            var read = 0;
            while (read < buffer.Length && RandomAccess.Read(file, buffer[read..], offset + read) is > 0 and var more)
                read += more;
            return read;
        }
        catch (ObjectDisposedException) // deleted meanwhile
        {
            return -1;
        }
    }

    public bool TryReadNow(long segment, int offset, Span<byte> buffer)
    {
        try
        {
            return segments.TryGetValue(segment, out var file) && Posix.ReadNow(file, buffer, offset) == buffer.Length;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    public ValueTask<int> ReadAsync(long segment, int offset, Memory<byte> buffer) => new(readers.ReadAsync(segment, offset, buffer));

    public void Cut(long segment, int offset)
    {
        var file = segments[segment];
        var length = RandomAccess.GetLength(file);
        RandomAccess.SetLength(file, offset);
        RandomAccess.SetLength(file, SegmentBytes);
        Interlocked.Add(ref bytes, SegmentBytes - length);
        RandomAccess.FlushToDisk(file);
    }

    public void Delete(long segment)
    {
        if (!segments.TryRemove(segment, out var file))
            return;
        var length = RandomAccess.GetLength(file);
        bulk.Forget(segment);
        File.Delete(PathOf(segment));
        file.Dispose();
        unsynced.Remove(segment);
        namesUnsynced = true;
        Interlocked.Add(ref bytes, -length);
    }

    public long FreeBytes() => new DriveInfo(directory).AvailableFreeSpace;

    public byte[]? ReadMark()
    {
        var path = Path.Combine(directory, MarkName);
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    public void WriteMark(int offset, ReadOnlySpan<byte> bytes, bool durable)
    {
        mark ??= Open(Path.Combine(directory, MarkName), FileMode.OpenOrCreate, 0);
        RandomAccess.Write(mark, bytes, offset);
        if (!durable)
            return;
        RandomAccess.FlushToDisk(mark);
        Posix.SyncDirectory(directory);
    }

    public void Dispose()
    {
        readers.Dispose();
        bulk.Dispose();
        foreach (var file in segments.Values)
            file.Dispose();
        mark?.Dispose();
    }

    // Reserved blocks that were never written cost each commit a commit of the file system's journal as well. Small ones write zeros
    // ahead of themselves, which one commit in some hundred pays for (measured: a sync of 4 KiB 130 us before, 90 us after).
    private void FillAhead(long segment, SafeFileHandle file, int end, int written)
    {
        if (segment > filling)
            (filling, filledUntil) = (segment, 0);
        if (segment < filling || end <= filledUntil)
            return; // what follows is written already
        filledUntil = end;
        int ahead = Math.Min(Zeros.Length, SegmentBytes - end);
        if (written > SmallWriteBytesMax || ahead == 0)
            return;
        RandomAccess.Write(file, Zeros.AsSpan(0, ahead), end);
        filledUntil = end + ahead;
    }

    // At its full size from the start, so that a commit need not write the file's changed length too (measured: a third faster). Where
    // the file system can't reserve the bytes, the file is sparse, and a write says when the disk is full.
    private SafeFileHandle Create(long segment)
    {
        SafeFileHandle file;
        try
        {
            file = Open(PathOf(segment), FileMode.CreateNew, SegmentBytes);
        }
        catch (IOException) when (!File.Exists(PathOf(segment)))
        {
            file = Open(PathOf(segment), FileMode.CreateNew, 0);
        }

        RandomAccess.SetLength(file, SegmentBytes);
        Interlocked.Add(ref bytes, SegmentBytes);
        namesUnsynced = true;
        segments[segment] = file;
        return file;
    }

    private string PathOf(long segment) => Path.Combine(directory, segment.ToString("D8", CultureInfo.InvariantCulture) + Suffix);

    private static SafeFileHandle Open(string path, FileMode mode, long preallocate) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.None, preallocate);
}
