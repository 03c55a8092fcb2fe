using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Reclaim;

/// <summary>
/// Makes room on disk: walks the oldest segment, appends what is live and kept to the tail again, and truncates the segment after a
/// commit. What is dead or not kept costs nothing. Runs on one thread.
/// </summary>
internal sealed unsafe class LogReclaim(StoreCore core, SpaceLog spaces, MemoryReclaim memory) : IRecordVisitor
{
    private const double KeepShare = 0.5;

    private readonly IRecordLog log = core.Log!;
    private long droppedBytes;
    private long walkedInVain;
    private long gaveUpAtLive = long.MaxValue;
    private bool mustDrop;
    private bool stopped;

    /// <summary>Reclaims segments until there is slack, or nothing more to gain.</summary>
    public void Run(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            bool liveShort = core.Room.LiveIsShort && core.Live.Total < gaveUpAtLive - log.SegmentBytes;
            if (!liveShort && core.Room.LiveIsShort && core.Live.Total > gaveUpAtLive + log.SegmentBytes)
                liveShort = true;
            if (!core.Room.LogIsShort && !liveShort)
                return;
            long begin = log.BeginAddress;
            long end = (begin & ~((long)log.SegmentBytes - 1)) + log.SegmentBytes;
            if (end > log.TailAddress)
            {
                // Everything that is too much is in memory alone.
                if (core.Policy.KeepsAll)
                    core.Room.Exhausted();
                else
                    memory.Evict();
                return;
            }

            if (!ReclaimSegment(begin, end, liveShort, cancellation))
                return;
            core.Room.Pulse();
            if (!liveShort)
                continue;
            walkedInVain = droppedBytes > 0 ? 0 : walkedInVain + (end - begin);
            if (walkedInVain > log.TailAddress - log.BeginAddress)
            {
                (gaveUpAtLive, walkedInVain) = (core.Live.Total, 0);
                core.Room.Exhausted();
            }
        }
    }

    public bool Visit(long address, in RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        bool taken = header.Kind switch
        {
            RecordKind.Value or RecordKind.Manifest => VisitEntry(address, header, key, value),
            RecordKind.Chunk => VisitChunk(address, header, value),
            _ => true, // what these say of a key is also said by its live record, which lies further on, or has just been written again
        };
        stopped = !taken;
        return taken;
    }

    public void Damaged(long address, long bytes) => core.Counters.Corrupt();

    private bool ReclaimSegment(long begin, long end, bool drop, CancellationToken cancellation)
    {
        (mustDrop, droppedBytes) = (drop, 0);
        if (core.Live.OfSegmentAt(begin) > 0)
        {
            if (log.CommitAsync(cancellation).AsTask().GetAwaiter().GetResult() != null)
                return false;
            long from = begin;
            do
            {
                stopped = false;
                from = log.Scan(from, end, this);
                if (stopped && !WaitForRoom(cancellation))
                    return false;
            }
            while (stopped);
        }

        spaces.Relocate(end);
        log.TruncateBefore(end);
        return log.CommitAsync(cancellation).AsTask().GetAwaiter().GetResult() == null;
    }

    private bool WaitForRoom(CancellationToken cancellation) =>
        log.WaitForRoomAsync(cancellation).AsTask().GetAwaiter().GetResult() == null;

    private bool VisitEntry(long address, in RecordHeader record, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        ulong hash = core.Hash.Of(key);
        Shard shard = core.ShardOf(hash);
        lock (shard.Gate)
        {
            EntryHeader* entry = shard.Table.Find(hash, record.Space, key);
            if (entry == null || entry->Address != address)
                return true;
            if (MayDrop(entry))
            {
                droppedBytes += core.RecordBytes(entry);
                core.Tell(entry, hash, ReasonOf(entry));
                core.Unlink(hash, entry);
                core.Counters.Evicted();
                return true;
            }

            RecordHeader header = EntryRecords.HeaderOf(entry);
            if (!core.TryAppend(entry, hash, ref header, value, out long moved))
                return false;
            core.Live.Move(address, moved, core.RecordBytes(entry));
            entry->Address = moved;
            core.Counters.Rewritten(RecordHeader.Bytes + key.Length + value.Length);
            return true;
        }
    }

    private bool VisitChunk(long address, in RecordHeader record, ReadOnlySpan<byte> value)
    {
        if (core.Chunks.Find(record.A) is not { } chunk || Volatile.Read(ref chunk.Address) != address)
            return true;
        if (mustDrop && chunk.Owner is { } owner && TryDropChunk(owner, chunk))
            return true;
        if (!core.Chunks.TryRelocate(chunk, address, record, value))
            return false;
        core.Counters.Rewritten(RecordHeader.Bytes + value.Length);
        return true;
    }

    private bool TryDropChunk(LargeValue owner, Chunk chunk)
    {
        ulong hash = owner.KeyHash;
        lock (core.ShardOf(hash).Gate)
        {
            EntryHeader* entry = core.HolderOf(owner);
            if (entry == null || !MayDrop(entry))
                return false;
            droppedBytes += chunk.Bytes;
            if ((entry->Flags & EntryFlags.Clean) != 0)
            {
                owner.Detach(chunk);
            }
            else
            {
                core.Tell(entry, hash, ReasonOf(entry));
                core.Unlink(hash, entry);
                core.Counters.Evicted();
            }

            return true;
        }
    }

    private KeyChange ReasonOf(EntryHeader* entry) =>
        new EntryRef(entry).ExpiresAt is not 0 and var at && at <= core.Now ? KeyChange.Expired : KeyChange.Evicted;

    private bool MayDrop(EntryHeader* entry)
    {
        if (core.Spaces.DatabaseOf(entry->Space) < 0 || new EntryRef(entry).ExpiresAt is not 0 and var at && at <= core.Now)
            return true;
        if (!mustDrop || (core.Policy.KeepsAll && (entry->Flags & EntryFlags.Clean) == 0))
            return false;
        return !core.Policy.Keep(new EntryRef(entry), new ReclaimContext(ReclaimTier.Store, core.Clock, KeepShare));
    }
}
