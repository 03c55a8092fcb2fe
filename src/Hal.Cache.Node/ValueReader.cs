using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node;

/// <summary>
/// Reads a range of a large value from front to back: from memory, from the log, and what is not here from its origin. For one reader at
/// a time; needs no lock. Keeps the value readable, and counts as a reader of its fetch, until it is disposed.
/// </summary>
public sealed class ValueReader : IByteSource
{
    /// <summary>So often a chunk that the value has may not be found where it says.</summary>
    private const int MissesMax = 3;

    private readonly ILargeValue value;
    private readonly ObjectFlights? flights;
    private readonly ObjectSource? source;
    private ObjectFlight? flight;
    private bool hasMissed;
    private bool hasPassedOn; // what was waited for first
    private bool isDisposed;
    private ChunkRun? here; // has the chunk of this index, which the store may not have yet
    private int hereIndex;
    private int lostIndex = -1; // chunk that was here, and that the store has got meanwhile
    private readonly Lock ending = new(); // of what is here, where the reader is disposed while it waits
    private List<ChunkRun>? located; // runs that somebody was told the place of

    /// <summary>Reads a value all of which is here.</summary>
    public ValueReader(ILargeValue value, long start, long length)
        : this(value, start, start + length, null, null)
    {
    }

    internal ValueReader(ILargeValue value, long from, long end, ObjectFlights? flights, ObjectSource? source)
    {
        (this.value, Position, End, this.flights, this.source) = (value, from, end, flights, source);
        value.Retain();
    }

    /// <summary>Offset in the value of the next byte.</summary>
    public long Position { get; private set; }

    /// <summary>Offset in the value at which the range ends.</summary>
    public long End { get; }

    /// <summary>
    /// Set by who only passes on what was read, which is short: where bytes have to be waited for, <see cref="ReadAsync"/> may then go on on the
    /// thread that brought them.
    /// </summary>
    public bool GoesOnAtOnce { get; set; }

    /// <summary>Key of the value, where parts of it may come from elsewhere; empty where all is here.</summary>
    public ReadOnlyMemory<byte> Key => source?.Key;

    /// <summary>Bytes of the range that are still to be read.</summary>
    public long Remaining => End - Position;

    /// <summary>Bytes up to a chunk's end.</summary>
    public int PieceBytes => (int)Math.Min(IBlobStore.ChunkBytes - (Position % IBlobStore.ChunkBytes), Remaining);

    /// <summary>Whether all bytes of the value are here, or will not come.</summary>
    public bool IsHere => source == null || value.ChunksPresent == value.ChunkCount;

    /// <summary>Chunk of the next byte.</summary>
    internal int ChunkIndex => (int)(Position / IBlobStore.ChunkBytes);

    /// <summary>The first chunk that is not wanted any more.</summary>
    internal int ChunkEnd => (int)((End + IBlobStore.ChunkBytes - 1) / IBlobStore.ChunkBytes);

    /// <summary>Leaves bytes out, which are then neither read nor fetched.</summary>
    public void Skip(long bytes)
    {
        LetGo();
        Position += Math.Clamp(bytes, 0, Remaining);
    }

    /// <summary>Copies what is in memory, up to the end of a chunk; 0 at the end, or where it must be awaited.</summary>
    public int TryRead(Span<byte> destination)
    {
        if (destination.Length > Remaining)
            destination = destination[..(int)Remaining];
        if (destination.IsEmpty)
            return 0;
        int count = value.TryRead(Position, destination);
        if (count > 0)
            LetGo();
        else if (here != null && (count = here.TryRead(hereIndex, (int)(Position % IBlobStore.ChunkBytes), destination)) == 0)
            count = value.TryRead(Lose(), destination);
        Advance(count);
        return count;
    }

    /// <summary>Passes over what is in memory, up to the end of a chunk, and lends it; nothing at the end, or where it is to be copied or awaited.</summary>
    public LentBytes TryLend(int bytesMax)
    {
        bytesMax = (int)Math.Min(bytesMax, Remaining);
        if (bytesMax == 0)
            return default;
        LentBytes lent = value.TryLend(Position, bytesMax);
        if (lent.Count > 0)
            LetGo();
        else if (here != null)
            lent = here.TryLend(hereIndex, (int)(Position % IBlobStore.ChunkBytes), bytesMax);
        Advance(lent.Count);
        return lent;
    }

    /// <summary>
    /// Passes over what is in memory, up to the end of a chunk, and says where it lies; nothing at the end, or where it must be awaited. What a fetch has
    /// brought stays there until this reader is disposed, or the store has got it and let go of it; what the store has may leave memory at any time.
    /// </summary>
    public MemoryPiece TryLocate(int bytesMax)
    {
        bytesMax = (int)Math.Min(bytesMax, Remaining);
        if (bytesMax == 0)
            return default;
        MemoryPiece piece = value.TryLocate(Position, bytesMax);
        if (piece.Bytes > 0)
            LetGo();
        else if (here != null && (piece = LocateHere(here, bytesMax)).Bytes == 0)
            piece = value.TryLocate(Lose(), bytesMax);
        Advance(piece.Bytes);
        return piece;
    }

    /// <summary>
    /// Waits until <see cref="TryRead"/> has bytes, where they must be fetched; null also where they are here, though perhaps in the log
    /// only, which takes a <see cref="ReadAsync"/>. Errors are those of that.
    /// </summary>
    public ValueTask<CacheError?> WaitAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        return Remaining == 0 || source == null || here != null || value.HasChunk(ChunkIndex) ? default : FetchAsync(isDamaged: false, cancellation);
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
        for (int missed = 0; ;)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = TryRead(destination.Span);
            if (count > 0)
                return count;
            bool isDamaged = false;
            if (value.HasChunk(ChunkIndex))
            {
                Result<int> stored = await value.ReadAsync(Position, destination, cancellation);
                if (stored.IsOk && stored.Value > 0)
                {
                    Advance(stored.Value);
                    return stored;
                }

                if (!stored.IsOk && (source == null || stored.Error.Code is not (CacheErrorCode.NotFound or CacheErrorCode.Corrupt)))
                    return stored;
                // A record that is not there may have been moved, or the chunk been dropped, while it was looked for; not again and again.
                isDamaged = !stored.IsOk && (stored.Error.Code == CacheErrorCode.Corrupt || ++missed > MissesMax);
            }

            if (source == null)
                return new CacheError(CacheErrorCode.Unavailable, "a part of the value is not here, and its origin is not configured");
            if (await FetchAsync(isDamaged, cancellation) is { } error)
                return error;
        }
    }

    public void Dispose()
    {
        lock (ending)
        {
            if (isDisposed)
                return;
            isDisposed = true;
        }

        LetGo();
        foreach (ChunkRun run in located ?? [])
            run.Release();
        flight?.Detach(this);
        value.Release();
    }

    /// <summary>Has the chunk at the position brought, for <see cref="TryRead"/>; nothing where the store has got it meanwhile.</summary>
    private async ValueTask<CacheError?> FetchAsync(bool isDamaged, CancellationToken cancellation)
    {
        lock (ending)
        {
            if (!isDisposed) // while the log was read
                flight ??= flights!.Attach(value, source!, this);
        }

        if (flight == null)
            return new CacheError(CacheErrorCode.Unavailable, "the instance is shutting down");
        if (isDamaged)
            await flight.DropAsync(); // the next read of the key gets a whole copy, this one is answered from the origin
        int index = ChunkIndex;
        ChunkRun? run = flight.Want(index, ChunkEnd, isFirst: !hasMissed, isDamaged, isLost: index == lostIndex);
        hasMissed = true;
        if (run == null)
            return null;
        bool isHere = false;
        try
        {
            CacheError? error = await run.WhenHere(index, GoesOnAtOnce).WaitAsync(cancellation);
            isHere = error == null;
            return error;
        }
        finally
        {
            lock (ending)
            {
                if (isHere && !isDisposed)
                    (here, hereIndex, run) = (run, index, null);
            }

            run?.Release();
        }
    }

    private MemoryPiece LocateHere(ChunkRun run, int bytesMax)
    {
        MemoryPiece piece = run.TryLocate(hereIndex, (int)(Position % IBlobStore.ChunkBytes), bytesMax);
        if (piece.Bytes > 0 && located?.Contains(run) != true)
        {
            run.Retain();
            (located ??= []).Add(run);
        }

        return piece;
    }

    /// <summary>
    /// The store has got what was here, unless it has let go of it, too; or it was in a peer's memory, and is gone, and will be sent. The position, where to
    /// look again.
    /// </summary>
    private long Lose()
    {
        if (here!.HasGiven(hereIndex))
            lostIndex = hereIndex;
        LetGo();
        return Position;
    }

    private void LetGo()
    {
        here?.PassedOn();
        here?.Release();
        here = null;
    }

    private void Advance(int count)
    {
        Position += count;
        if (here != null && ChunkIndex != hereIndex)
        {
            hereIndex = ChunkIndex;
            if (Position == End || !here.Has(hereIndex))
                LetGo();
        }

        if (!hasMissed || count == 0 || Position % IBlobStore.ChunkBytes != 0 || Position == End)
            return;
        // Not before the first bytes are on their way: a thread that is woken to read ahead may well take the processor of this one.
        if (hasPassedOn)
            flight!.Ahead(ChunkIndex, ChunkEnd);
        hasPassedOn = true;
    }
}
