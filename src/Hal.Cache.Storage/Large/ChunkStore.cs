using System.Collections.Concurrent;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Large;

/// <summary>Where the chunks of large values live: pages of memory, records of the log, and the way between them.</summary>
internal sealed class ChunkStore(PagePool pool, IRecordLog? log, LiveBytes live, StoreCounters counters, RoomGate room, bool appendsAtOnce)
{
    /// <summary>Part of the memory whose copies may wait to be written.</summary>
    private const int UnwrittenPart = 4;

    private const int ManagedBytes = 192; // a chunk object with its places in array, clock and directory

    private readonly ConcurrentDictionary<long, Chunk> directory = new();
    private readonly ChunkClock clock = new();
    private readonly ChunkMemory memory = new(pool);
    private long nextId = 1;

    public ChunkClock Clock => clock;

    /// <summary>Where the log has records of chunks; null without a log.</summary>
    public ChunkRecords? Records { get; } = log == null ? null : new(pool, log);

    /// <summary>Copies that wait to be written, where everything else is appended when it comes.</summary>
    public UnwrittenCopies Unwritten { get; } = new(pool.LimitBytes / UnwrittenPart);

    public long TakeIds(int count) => Interlocked.Add(ref nextId, count) - count;

    public void RaiseIds(long used) => nextId = Math.Max(nextId, used + 1);

    public Chunk? Find(long id) => directory.GetValueOrDefault(id);

    /// <summary>A chunk with these bytes; null where there is no room at this moment, in memory or in the log's buffer.</summary>
    public unsafe Chunk? TryAdd(long id, ReadOnlySpan<byte> bytes, ChunkBacking backing)
    {
        nint page = TryReserve(bytes.Length);
        if (page == 0)
            return null;
        bytes.CopyTo(new Span<byte>((void*)page, bytes.Length));
        Chunk? chunk = TryAdd(id, page, bytes.Length, backing);
        if (chunk == null)
            Unreserve(page, bytes.Length);
        return chunk;
    }

    /// <summary>Memory for a chunk of this length, which the caller adds or gives back; 0 where there is no room at this moment.</summary>
    public unsafe nint TryReserve(int bytes) => room.HasRoom(bytes) && memory.TryTake(bytes, out byte* page) ? (nint)page : 0;

    public unsafe void Unreserve(nint page, int bytes) => memory.Return((byte*)page, bytes);

    /// <summary>A chunk of reserved memory; null, and the memory still the caller's, where the log's buffer has no room at this moment.</summary>
    public Chunk? TryAdd(long id, nint page, int bytes, ChunkBacking backing, uint? checksum = null)
    {
        // What is read ahead is not dropped before it was read: the clock's hand passes it once.
        var chunk = new Chunk(this, id, bytes) { Page = page, Hot = backing == ChunkBacking.Origin, Checksum = checksum };
        lock (chunk) // whoever writes what waits may find it at once
        {
            if (!TryAppendFirst(chunk, backing))
                return null;
            Register(chunk);
            live.Add(chunk.Address, RecordBytes(chunk));
            clock.Add(chunk);
        }

        return chunk;
    }

    /// <summary>A chunk in the log alone; null where there is no room in the log's buffer at this moment.</summary>
    public Chunk? TryAddLogged(long id, ReadOnlySpan<byte> bytes)
    {
        var header = new RecordHeader { Kind = RecordKind.Chunk, A = id };
        if (!log!.TryAppend(ref header, default, bytes, out long address))
            return null;
        Records!.Add(address, id, bytes.Length);
        return AddRecovered(id, bytes.Length, address);
    }

    /// <summary>A chunk that was found in the log.</summary>
    public Chunk AddRecovered(long id, int bytes, long address)
    {
        var chunk = new Chunk(this, id, bytes) { Address = address };
        Register(chunk);
        Attached(chunk);
        live.Add(address, RecordBytes(chunk));
        return chunk;
    }

    /// <summary>A value has the chunk: it is the one that is found by its id, whichever others came.</summary>
    public void Attached(Chunk chunk) => directory[chunk.Id] = chunk;

    /// <summary>Ends a chunk that no value has.</summary>
    public void Drop(Chunk chunk)
    {
        lock (chunk)
        {
            chunk.IsDropped = true;
            if (chunk.Page != 0)
            {
                clock.Remove(chunk);
                if (chunk.Lent == 0)
                    GiveUp(chunk);
            }

            if (chunk.IsRegistered)
            {
                chunk.IsRegistered = false;
                directory.TryRemove(new(chunk.Id, chunk));
                live.Remove(chunk.Address, RecordBytes(chunk));
                pool.AddOverhead(-ManagedBytes);
                Unwritten.Remove(chunk);
            }
        }
    }

    /// <summary>Appends the chunk's record if it has none; false where the log's buffer is full now.</summary>
    public bool TryAppendDirty(Chunk chunk)
    {
        lock (chunk)
        {
            if (chunk.Address != 0 || chunk.Page == 0 || chunk.IsDropped)
                return true;
            if (!TryAppend(chunk))
                return false;
            live.Move(0, chunk.Address, RecordBytes(chunk));
            Unwritten.Remove(chunk);
            return true;
        }
    }

    /// <summary>The same for all chunks of a value: what was a copy until now can't be read again elsewhere from now on.</summary>
    public bool TryAppendDirty(LargeValue value)
    {
        for (int index = 0; index < value.ChunkCount; index++)
        {
            if (value.ChunkAt(index) is { } chunk && Volatile.Read(ref chunk.Address) == 0 && !TryAppendDirty(chunk))
                return false;
        }

        return true;
    }

    /// <summary>Gives the chunk's memory up if its bytes are in the log, or get there now; false where it stays.</summary>
    public bool TrySpill(Chunk chunk)
    {
        if (log == null || !TryAppendDirty(chunk))
            return false;
        lock (chunk)
        {
            if (chunk.Page == 0 || chunk.Address == 0 || chunk.Lent > 0)
                return false;
            clock.Remove(chunk);
            GiveUp(chunk);
            counters.Spilled();
            return true;
        }
    }

    /// <summary>Moves a short chunk that stays into a fuller page, so that the one it leaves gets free in time.</summary>
    public unsafe void Compact(Chunk chunk)
    {
        lock (chunk)
        {
            if (chunk.Page == 0 || chunk.Lent > 0 || !memory.TryTakeBetter((byte*)chunk.Page, chunk.Bytes, out byte* better))
                return;
            new ReadOnlySpan<byte>((byte*)chunk.Page, chunk.Bytes).CopyTo(new Span<byte>(better, chunk.Bytes));
            memory.Return((byte*)chunk.Page, chunk.Bytes);
            chunk.Page = (nint)better;
        }
    }

    /// <summary>Copies from the chunk's memory; 0 where it is not there.</summary>
    public static unsafe int TryRead(Chunk chunk, int offset, Span<byte> destination)
    {
        lock (chunk)
        {
            if (chunk.Page == 0)
                return 0;
            int count = Math.Min(destination.Length, chunk.Bytes - offset);
            new ReadOnlySpan<byte>((byte*)chunk.Page + offset, count).CopyTo(destination);
            chunk.Hot = true;
            return count;
        }
    }

    /// <summary>Lends the chunk's memory, which stays until it is returned; nothing where there is none.</summary>
    public static LentBytes TryLend(Chunk chunk, int offset, int bytesMax)
    {
        lock (chunk)
        {
            if (chunk.Page == 0)
                return default;
            chunk.Hot = true;
            chunk.Lent++;
            return new(chunk.Page + offset, Math.Min(bytesMax, chunk.Bytes - offset), chunk, Tag: 0);
        }
    }

    /// <summary>A sender does not use the chunk's memory any more.</summary>
    public void Returned(Chunk chunk)
    {
        lock (chunk)
        {
            if (--chunk.Lent == 0 && chunk.IsDropped)
                GiveUp(chunk);
        }
    }

    /// <summary>Where memory lies that other processes may map; -1 where they may not.</summary>
    public long OffsetOf(nint address) => pool.OffsetOf(address);

    /// <summary>Where the bytes lie in the chunk's memory, as long as they do; nothing where it has none, or others may not map it.</summary>
    public unsafe MemoryPiece TryLocate(Chunk chunk, int offset, int bytesMax)
    {
        lock (chunk)
        {
            nint start = chunk.Page + offset;
            if (chunk.Page == 0 || pool.OffsetOf(start) is not (>= 0 and var place))
                return default;
            chunk.Hot = true;
            int count = Math.Min(bytesMax, chunk.Bytes - offset);
            if (count < chunk.Bytes)
                return new(place, count, Crc32C.Append(0, new((void*)start, count)));
            return new(place, count, chunk.Checksum ??= Crc32C.Append(0, new((void*)start, count)));
        }
    }

    /// <summary>
    /// Reads from the log; the second read of a chunk brings it back to memory where there is room, and where <paramref name="admits"/> says
    /// so.
    /// </summary>
    public async ValueTask<Result<int>> ReadAsync(
        Chunk chunk, int offset, Memory<byte> destination, CancellationToken cancellation, bool admits = true)
    {
        for (int attempt = 0; ; attempt++)
        {
            int count = TryRead(chunk, offset, destination.Span);
            if (count > 0)
                return count;
            long address = Volatile.Read(ref chunk.Address);
            Result<RecordLease> read = await log!.ReadAsync(address, log.RecordBytes(0, chunk.Bytes), cancellation).ConfigureAwait(false);
            if (!read.IsOk)
            {
                // The record may have been moved by reclaiming while we read: its new place has it.
                if (attempt < 3 && Volatile.Read(ref chunk.Address) != address)
                    continue;
                if (read.Error.Code == CacheErrorCode.Corrupt)
                    counters.Corrupt();
                return read.Error;
            }

            using RecordLease lease = read.Value;
            if (lease.Header.Kind != RecordKind.Chunk || lease.Header.A != chunk.Id)
            {
                if (attempt < 3 && Volatile.Read(ref chunk.Address) != address)
                    continue;
                counters.Corrupt();
                return new CacheError(CacheErrorCode.Corrupt, "a chunk's place in the log holds another record");
            }

            if (admits)
                counters.Loaded(); // else the object counts as a whole
            if (admits)
                Admit(chunk, lease.Value.Span);
            count = Math.Min(destination.Length, chunk.Bytes - offset);
            lease.Value.Span.Slice(offset, count).CopyTo(destination.Span);
            return count;
        }
    }

    /// <summary>Appends a copy of a live chunk's record at the tail, as reclaiming does; false where the log's buffer is full now.</summary>
    public bool TryRelocate(Chunk chunk, long from, in RecordHeader old, ReadOnlySpan<byte> bytes)
    {
        lock (chunk)
        {
            if (chunk.Address != from)
                return true;
            RecordHeader header = old;
            if (!log!.TryAppend(ref header, default, bytes, out long address))
                return false;
            live.Move(from, address, RecordBytes(chunk));
            Volatile.Write(ref chunk.Address, address);
            Records!.Add(address, chunk.Id, chunk.Bytes);
            return true;
        }
    }

    private unsafe void GiveUp(Chunk chunk)
    {
        memory.Return((byte*)chunk.Page, chunk.Bytes);
        chunk.Page = 0;
    }

    private void Register(Chunk chunk)
    {
        chunk.IsRegistered = true;
        directory.TryAdd(chunk.Id, chunk); // of two that came at once, the one that a value has is to be found when the log is reclaimed
        pool.AddOverhead(ManagedBytes);
    }

    private unsafe void Admit(Chunk chunk, ReadOnlySpan<byte> bytes)
    {
        lock (chunk)
        {
            bool again = chunk.Hot;
            chunk.Hot = true;
            if (chunk.Page != 0 || chunk.Uses == 0 || (!again && pool.FreeBytes < pool.LimitBytes / 8) || !memory.TryTake(chunk.Bytes, out byte* page))
                return;
            bytes.CopyTo(new Span<byte>(page, chunk.Bytes));
            chunk.Page = (nint)page;
            clock.Add(chunk);
        }
    }

    private long RecordBytes(Chunk chunk) => log?.RecordBytes(0, chunk.Bytes) ?? chunk.Bytes;

    // A copy that comes while memory is scarce has its record at once, while its bytes are in the processor's cache: it would be written soon, and
    // reading it again for that cost a sixth of the time of an instance through which a large object passes.
    private bool TryAppendFirst(Chunk chunk, ChunkBacking backing)
    {
        if (backing == ChunkBacking.Origin)
            return true;
        if (backing == ChunkBacking.Log)
            return !appendsAtOnce || TryAppend(chunk);
        if (log != null && room.MemoryIsScarce && room.LogHas(chunk.Bytes) && TryAppend(chunk))
            return true;
        return !appendsAtOnce || Unwritten.TryAdd(chunk) || TryAppend(chunk);
    }

    private unsafe bool TryAppend(Chunk chunk)
    {
        var header = new RecordHeader { Kind = RecordKind.Chunk, A = chunk.Id };
        if (!log!.TryAppend(ref header, default, new ReadOnlySpan<byte>((byte*)chunk.Page, chunk.Bytes), out long address, chunk.Checksum))
            return false;
        chunk.Address = address;
        Records!.Add(address, chunk.Id, chunk.Bytes);
        return true;
    }
}
