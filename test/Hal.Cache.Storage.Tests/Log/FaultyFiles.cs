using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

/// <summary>Real files with faults on demand, and a list of what was done to them in which order.</summary>
internal sealed class FaultyFiles(ISegmentFiles inner) : ISegmentFiles
{
    private const int NoSpace = 28;
    private long quotaBytes = long.MaxValue;

    /// <summary>Bytes that may still be written before the disk is full.</summary>
    public long QuotaBytes
    {
        get => Volatile.Read(ref quotaBytes);
        set => Volatile.Write(ref quotaBytes, value);
    }

    public volatile bool WritesFail;
    public volatile bool SyncFails;
    public volatile bool ReadsFail;
    public volatile bool NothingCached;
    public long Free = long.MaxValue;
    public int Syncs;
    public Action? OnSync;
    public Action<long>? OnDelete;
    public Action? OnWriteFailed;

    public int SegmentBytes => inner.SegmentBytes;

    public long Bytes => inner.Bytes;

    public IReadOnlyList<long> Segments => inner.Segments;

    public long LengthOf(long segment) => inner.LengthOf(segment);

    public void Write(long segment, int offset, ReadOnlySpan<byte> bytes)
    {
        if (WritesFail)
        {
            OnWriteFailed?.Invoke();
            throw new IOException("Input/output error", 5);
        }

        var fits = (int)Math.Min(bytes.Length, QuotaBytes);
        inner.Write(segment, offset, bytes[..fits]); // a full disk takes the part that fits
        Interlocked.Add(ref quotaBytes, -fits);
        if (fits == bytes.Length)
            return;
        OnWriteFailed?.Invoke();
        throw new IOException("No space left on device", NoSpace);
    }

    public void Sync()
    {
        Interlocked.Increment(ref Syncs);
        OnSync?.Invoke();
        if (SyncFails)
            throw new IOException("Input/output error", 5);
        inner.Sync();
    }

    public int Read(long segment, int offset, Span<byte> buffer) =>
        ReadsFail ? throw new IOException("Input/output error", 5) : inner.Read(segment, offset, buffer);

    public bool TryReadNow(long segment, int offset, Span<byte> buffer) => !ReadsFail && !NothingCached && inner.TryReadNow(segment, offset, buffer);

    public ValueTask<int> ReadAsync(long segment, int offset, Memory<byte> buffer) =>
        ReadsFail
            ? ValueTask.FromException<int>(new IOException("Input/output error", 5))
            : inner.ReadAsync(segment, offset, buffer);

    public void Cut(long segment, int offset) => inner.Cut(segment, offset);

    public void Delete(long segment)
    {
        OnDelete?.Invoke(segment);
        inner.Delete(segment);
    }

    public long FreeBytes() => Volatile.Read(ref Free);

    public byte[]? ReadMark() => inner.ReadMark();

    public void WriteMark(int offset, ReadOnlySpan<byte> bytes, bool durable) => inner.WriteMark(offset, bytes, durable);

    public void Dispose() => inner.Dispose();
}
