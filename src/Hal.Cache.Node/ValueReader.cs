using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node;

/// <summary>
/// Reads a range of a large value from front to back: from memory, from the log, and what is not here from its origin. For one reader at
/// a time; needs no lock. Keeps the value readable, and counts as a reader of its fetch, until it is disposed.
/// </summary>
public sealed class ValueReader : IByteSource
{
    private readonly ILargeValue value;
    private readonly ObjectFlights? flights;
    private readonly ObjectSource? source;
    private ObjectFlight? flight;
    private bool hasMissed;
    private bool isDisposed;
    private int firstChunks;

    /// <summary>Reads a value all of which is here.</summary>
    public ValueReader(ILargeValue value, long start, long length)
        : this(value, start, start + length, null, null)
    {
    }

    internal ValueReader(ILargeValue value, long from, long end, ObjectFlights? flights, ObjectSource? source)
    {
        (this.value, Position, End, this.flights, this.source) = (value, from, end, flights, source);
        value.Retain();
        firstChunks = flights?.FirstChunks ?? 1;
    }

    /// <summary>Offset in the value of the next byte.</summary>
    public long Position { get; private set; }

    /// <summary>Offset in the value at which the range ends.</summary>
    public long End { get; }

    /// <summary>Bytes of the range that are still to be read.</summary>
    public long Remaining => End - Position;

    /// <summary>Whether all bytes of the value are here, or will not come.</summary>
    public bool IsHere => source == null || value.ChunksPresent == value.ChunkCount;

    private int ChunkEnd => (int)((End + IBlobStore.ChunkBytes - 1) / IBlobStore.ChunkBytes);

    /// <summary>Leaves bytes out, which are then neither read nor fetched.</summary>
    public void Skip(long bytes) => Position += Math.Clamp(bytes, 0, Remaining);

    /// <summary>Copies what is in memory, up to the end of a chunk; 0 at the end, or where it must be awaited.</summary>
    public int TryRead(Span<byte> destination)
    {
        if (destination.Length > Remaining)
            destination = destination[..(int)Remaining];
        if (destination.IsEmpty)
            return 0;
        int count = value.TryRead(Position, destination);
        Advance(count);
        return count;
    }

    /// <summary>
    /// The same, waiting for the log or the origin; 0 only at the end. Changed: the rest of this version is gone, and the next read of the
    /// key gets the new one. Other errors are the store's or the origin's.
    /// </summary>
    public async ValueTask<Result<int>> ReadAsync(Memory<byte> destination, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        if (destination.Length > Remaining)
            destination = destination[..(int)Remaining];
        if (destination.IsEmpty)
            return 0;
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = TryRead(destination.Span);
            if (count > 0)
                return count;
            bool isDamaged = false;
            if (value.HasChunk((int)(Position / IBlobStore.ChunkBytes)))
            {
                Result<int> stored = await value.ReadAsync(Position, destination, cancellation);
                if (stored.IsOk && stored.Value > 0)
                {
                    Advance(stored.Value);
                    return stored;
                }

                if (!stored.IsOk && (source == null || stored.Error.Code is not (CacheErrorCode.NotFound or CacheErrorCode.Corrupt)))
                    return stored;
                isDamaged = !stored.IsOk && stored.Error.Code == CacheErrorCode.Corrupt;
            }

            if (source == null)
                return new CacheError(CacheErrorCode.Unavailable, "a part of the value is not here, and its origin is not configured");
            Result<int> fetched = await FetchAsync(destination, isDamaged, cancellation);
            if (!fetched.IsOk || fetched.Value > 0)
                return fetched;
        }
    }

    public void Dispose()
    {
        if (isDisposed)
            return;
        isDisposed = true;
        flight?.Detach();
        value.Release();
    }

    /// <summary>0 where the chunk has come meanwhile.</summary>
    private async ValueTask<Result<int>> FetchAsync(Memory<byte> destination, bool isDamaged, CancellationToken cancellation)
    {
        flight ??= flights!.Attach(value, source!);
        if (flight == null)
            return new CacheError(CacheErrorCode.Unavailable, "the instance is shutting down");
        if (isDamaged)
            await flight.DropAsync(); // the next read of the key gets a whole copy, this one is answered from the origin
        int index = (int)(Position / IBlobStore.ChunkBytes);
        ChunkRun? run = flight.Want(index, ChunkEnd, firstChunks, isDamaged);
        firstChunks = int.MaxValue;
        hasMissed = true;
        if (run == null)
            return 0;
        try
        {
            if (await run.WhenHere(index).WaitAsync(cancellation) is { } error)
                return error;
            ReadOnlyMemory<byte> chunk = run.Chunk(index)[(int)(Position % IBlobStore.ChunkBytes)..];
            int count = Math.Min(chunk.Length, destination.Length);
            chunk.Span[..count].CopyTo(destination.Span);
            Advance(count);
            return count;
        }
        finally
        {
            run.Release();
        }
    }

    private void Advance(int count)
    {
        Position += count;
        if (hasMissed && count > 0 && Position % IBlobStore.ChunkBytes == 0 && Position < End)
            flight!.Ahead((int)(Position / IBlobStore.ChunkBytes), ChunkEnd);
    }
}
