using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Large;

/// <summary>A value in chunks; the array of chunks is filled in, never changed, so that whoever retains the value reads one version.</summary>
internal sealed class LargeValue : ILargeValue
{
    private readonly ChunkStore store;
    private readonly RoomGate room;
    private readonly ChunkTable chunks;
    private readonly long[] ids;
    private int references = 1;
    private nint reserved;
    private int reservedIndex;

    /// <param name="ids">The id of every chunk; where there is one id only, it is the first chunk's, and the others follow.</param>
    public LargeValue(ChunkStore store, RoomGate room, long length, long[] ids)
    {
        (this.store, this.room, Length, this.ids) = (store, room, length, ids);
        chunks = new(CountOf(length));
    }

    public long Length { get; }

    public int ChunkCount => chunks.Count;

    public OriginStamp? Origin { get; set; }

    public bool IsSpilled { get; set; } = true;

    public int ChunksPresent { get; private set; }

    /// <summary>Hash of the key that last got this value, and the place in its shard's handles: how reclaiming finds the entry.</summary>
    public ulong KeyHash { get; set; }

    public int Handle { get; set; }

    /// <summary>Whether chunks are dropped where others are written.</summary>
    public bool IsReadAgain => Origin != null && !IsSpilled;

    private ChunkBacking Backing => Origin == null ? ChunkBacking.Log : IsSpilled ? ChunkBacking.LogInTime : ChunkBacking.Origin;

    /// <summary>Entries that hold this value; guarded by their shards' locks only where one key has it.</summary>
    public bool IsDropped => Volatile.Read(ref references) == 0;

    /// <summary>Ids for the manifest: one where the chunks follow each other, else one each.</summary>
    public long[] Ids => ids;

    public void Retain() => Interlocked.Increment(ref references);

    public void Release()
    {
        if (Interlocked.Decrement(ref references) != 0)
            return;
        lock (chunks)
        {
            chunks.Clear(LetGo);
            if (reserved != 0)
                store.Unreserve(reserved, BytesOf(reservedIndex));
            reserved = 0;
        }
    }

    public bool HasChunk(int index) => chunks[index] != null;

    public Chunk? ChunkAt(int index) => chunks[index];

    public int TryRead(long offset, Span<byte> destination)
    {
        if (offset >= Length)
            return 0;
        Chunk? chunk = ChunkAt((int)(offset / IBlobStore.ChunkBytes));
        return chunk == null ? 0 : ChunkStore.TryRead(chunk, (int)(offset % IBlobStore.ChunkBytes), destination);
    }

    public LentBytes TryLend(long offset, int bytesMax)
    {
        Chunk? chunk = offset >= Length ? null : ChunkAt((int)(offset / IBlobStore.ChunkBytes));
        return chunk == null ? default : ChunkStore.TryLend(chunk, (int)(offset % IBlobStore.ChunkBytes), bytesMax);
    }

    public MemoryPiece TryLocate(long offset, int bytesMax)
    {
        Chunk? chunk = offset >= Length ? null : ChunkAt((int)(offset / IBlobStore.ChunkBytes));
        return chunk == null ? default : store.TryLocate(chunk, (int)(offset % IBlobStore.ChunkBytes), bytesMax);
    }

    public ValueTask<Result<int>> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        if (offset >= Length)
            return new(0);
        Chunk? chunk = ChunkAt((int)(offset / IBlobStore.ChunkBytes));
        return chunk == null
            ? new(new CacheError(CacheErrorCode.NotFound, "the chunk is not here"))
            : store.ReadAsync(chunk, (int)(offset % IBlobStore.ChunkBytes), destination, cancellation);
    }

    public async ValueTask<CacheError?> WriteChunkAsync(int index, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (!TryWriteChunk(index, bytes.Span))
        {
            if (await room.MakeRoomAsync(bytes.Length, cancellation).ConfigureAwait(false) is { } error)
                return error;
        }

        return null;
    }

    /// <summary>False where there is no room at this moment.</summary>
    public bool TryWriteChunk(int index, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != BytesOf(index))
            throw new ArgumentException($"Chunk {index} has {BytesOf(index)} bytes, not {bytes.Length}.", nameof(bytes));
        if (HasChunk(index) || IsDropped)
            return true;
        Chunk? chunk = store.TryAdd(IdOf(index), bytes, Backing);
        if (chunk == null)
            return false;
        if (!TryAttach(index, chunk))
            store.Drop(chunk);
        return true;
    }

    public unsafe Span<byte> TryReserve(int index)
    {
        if (reserved == 0)
            (reserved, reservedIndex) = (store.TryReserve(BytesOf(index)), index);
        if (reservedIndex != index)
            throw new InvalidOperationException($"Chunk {reservedIndex} is reserved, and not yet committed.");
        return reserved == 0 ? default : new Span<byte>((void*)reserved, BytesOf(index));
    }

    public bool TryCommit(int index)
    {
        if (reserved == 0 || reservedIndex != index)
            throw new InvalidOperationException($"Chunk {index} is not reserved.");
        if (!TryAdd(index, reserved, checksum: null))
            return false;
        reserved = 0;
        return true;
    }

    public nint TryTakeSpace(int index) => store.TryReserve(BytesOf(index));

    public long OffsetOf(nint space) => store.OffsetOf(space);

    public void ReturnSpace(int index, nint space) => store.Unreserve(space, BytesOf(index));

    public bool TryCommit(int index, nint space, uint? checksum)
    {
        if (HasChunk(index) || IsDropped)
        {
            ReturnSpace(index, space);
            return true;
        }

        return room.LogTakes(BytesOf(index)) && TryAdd(index, space, checksum);
    }

    /// <summary>False where the chunk is here already, or the value is gone.</summary>
    public bool TryAttach(int index, Chunk chunk)
    {
        lock (chunks)
        {
            if (chunks[index] != null || IsDropped)
                return false;
            Interlocked.Increment(ref chunk.Uses);
            chunk.Owner = this;
            chunks[index] = chunk;
            ChunksPresent++;
            store.Attached(chunk);
            return true;
        }
    }

    /// <summary>Drops one chunk of an origin's object, which can be read again; false where another value has it, or it was not here.</summary>
    public bool Detach(Chunk chunk)
    {
        lock (chunks)
        {
            int index = ids.Length == 1 ? (int)(chunk.Id - ids[0]) : chunks.IndexOf(chunk);
            if (index < 0 || index >= chunks.Count || chunks[index] != chunk)
                return false;
            chunks[index] = null;
            ChunksPresent--;
            LetGo(chunk);
            return Volatile.Read(ref chunk.Uses) == 0;
        }
    }

    public ILargeValue Derive(long length, Func<int, bool> shares)
    {
        int count = CountOf(length);
        var derivedIds = new long[Math.Max(count, 2)]; // never one alone: the ids do not follow each other
        long fresh = store.TakeIds(derivedIds.Length);
        lock (chunks)
        {
            for (int index = 0; index < derivedIds.Length; index++)
                derivedIds[index] = Shared(index) ? chunks[index]!.Id : fresh + index;
            var derived = new LargeValue(store, room, length, derivedIds);
            for (int index = 0; index < count; index++)
            {
                if (Shared(index))
                    derived.TryAttach(index, chunks[index]!);
            }

            return derived;
        }

        // A chunk that would have another length can't be shared, whatever the caller says.
        bool Shared(int index) => index < count && index < chunks.Count && chunks[index] is { } chunk && shares(index)
            && chunk.Bytes == Math.Min(IBlobStore.ChunkBytes, length - ((long)index * IBlobStore.ChunkBytes));
    }

    public static int CountOf(long length) => (int)((length + IBlobStore.ChunkBytes - 1) / IBlobStore.ChunkBytes);

    public int BytesOf(int index) => (int)Math.Min(IBlobStore.ChunkBytes, Length - ((long)index * IBlobStore.ChunkBytes));

    private bool TryAdd(int index, nint page, uint? checksum)
    {
        Chunk? chunk = store.TryAdd(IdOf(index), page, BytesOf(index), Backing, checksum);
        if (chunk == null)
            return false;
        if (!TryAttach(index, chunk))
            store.Drop(chunk);
        return true;
    }

    private long IdOf(int index) => ids.Length == 1 ? ids[0] + index : ids[index];

    private void LetGo(Chunk chunk)
    {
        if (Interlocked.Decrement(ref chunk.Uses) == 0)
            store.Drop(chunk);
    }
}
