using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node;

/// <summary>Reads a range of a large value from start to end without locks; keeps the value readable until it is disposed of.</summary>
public sealed class ValueReader : IDisposable
{
    private readonly ILargeValue value;
    private readonly long end;
    private long position;
    private int disposed;

    public ValueReader(ILargeValue value, long start, long length)
    {
        value.Retain();
        this.value = value;
        position = start;
        end = start + length;
    }

    /// <summary>Bytes that are still to be read.</summary>
    public long Remaining => end - position;

    /// <summary>Reads on without waiting, at most to a chunk's end; 0 where the bytes are not in memory, or none remain.</summary>
    public int TryRead(Span<byte> destination)
    {
        if (destination.Length > Remaining) destination = destination[..(int)Remaining];
        if (destination.IsEmpty) return 0;
        int read = value.TryRead(position, destination);
        position += read;
        return read;
    }

    /// <summary>The same, waiting for the bytes; an error means that the rest can't be had.</summary>
    public async ValueTask<Result<int>> ReadAsync(Memory<byte> destination, CancellationToken cancellation)
    {
        if (destination.Length > Remaining) destination = destination[..(int)Remaining];
        if (destination.IsEmpty) return 0;
        Result<int> read = await value.ReadAsync(position, destination, cancellation);
        if (read.IsOk) position += read.Value;
        return read;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0) value.Release();
    }
}
