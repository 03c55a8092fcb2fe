using System.Diagnostics.CodeAnalysis;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Storage.Objects;

namespace Hal.Cache.Storage.Reclaim;

/// <summary>
/// Makes room on disk: walks the oldest segment, appends what is live and kept to the tail again, and truncates the segment after a
/// commit. What is dead or not kept costs nothing: chunks, which are most of a log of large objects, are read only where they stay. Runs on one thread.
/// </summary>
internal sealed unsafe class LogReclaim(StoreCore core, SpaceLog spaces, MemoryReclaim memory) : IRecordVisitor
{
    private const double KeepShare = 0.5;

    /// <summary>A walk that drops less than this part of a segment has an origin's objects looked for outside of the log.</summary>
    private const int PoorWalkPart = 8;

    /// <summary>How long after a walk over the whole log in vain there is none, while nothing has changed: a pin may end, or an age.</summary>
    private const uint GivenUpSeconds = 10;

    private readonly IRecordLog log = core.Log!;
    private long droppedBytes;
    private long walkedInVain;
    private long gaveUpAtLive = long.MaxValue;
    private uint gaveUpAt;
    private readonly ObjectRewrite objects = new(core);
    private readonly Dictionary<LargeValue, (bool IsKept, long Until)> decided = [];
    private (long Address, bool IsKept) asked; // of a record that waits for room: to ask again would be to forget its use
    private long truncatesBefore;
    private long spareWrittenFrom;
    private bool sparesWritten;
    private bool mustDrop;
    private bool stopped;

    /// <summary>Reclaims segments until there is slack, or nothing more to gain.</summary>
    public void Run(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            bool liveShort = core.Room.LiveIsShort && !HasGivenUp;
            if (!core.Room.LogIsShort && !liveShort)
            {
                if (core.Room.LiveIsShort)
                    core.Room.Exhausted();
                return;
            }

            long begin = log.BeginAddress;
            long end = (begin & ~((long)log.SegmentBytes - 1)) + log.SegmentBytes;
            if (end > log.TailAddress)
            {
                // Everything that is too much is in memory alone.
                memory.Evict();
                if (core.Policy.KeepsAll && core.Room.LiveIsShort)
                    core.Room.Exhausted();
                return;
            }

            sparesWritten = liveShort && core.HasClean && log.TailAddress >= spareWrittenFrom;
            if (!ReclaimSegment(begin, end, liveShort, cancellation))
                return;
            if (liveShort && droppedBytes < log.SegmentBytes / PoorWalkPart)
            {
                if (sparesWritten)
                    EvictClean();
                else if ((core.Guard != null || core.EvictsExpiringOnly) && !core.Policy.KeepsAll)
                    EvictAny();
            }

            core.Room.Pulse();
            if (!liveShort)
                continue;
            walkedInVain = droppedBytes > 0 ? 0 : walkedInVain + (end - begin);
            if (walkedInVain > log.TailAddress - log.BeginAddress)
            {
                (gaveUpAtLive, gaveUpAt, walkedInVain) = (core.Live.Total, core.Clock, 0);
                core.Room.Exhausted();
            }
        }
    }

    private bool HasGivenUp =>
        Math.Abs(core.Live.Total - gaveUpAtLive) <= log.SegmentBytes && (core.Policy.KeepsAll || core.Clock - gaveUpAt < GivenUpSeconds);

    public bool Visit(long address, in RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        bool taken = header.Kind switch
        {
            RecordKind.Value or RecordKind.Manifest => VisitEntry(address, header, key, value),
            RecordKind.Change => VisitChange(address, header, key),
            RecordKind.Chunk => VisitChunk(address, header, value),
            _ => true, // what these say of a key is also said by its live record, which lies further on, or has just been written again
        };
        stopped = !taken;
        return taken;
    }

    public void Damaged(long address, long bytes)
    {
        core.Counters.Corrupt();
        core.Damage.Found(address, atStart: false);
    }

    /// <summary>
    /// What clients wrote fills the log's old end, and the origin's objects are elsewhere: they are found through the table, at the speed
    /// of memory. If that is not enough, nothing is spared until so much was written that another look is worth its time.
    /// </summary>
    private void EvictClean()
    {
        long before = core.Live.Total;
        memory.EvictClean();
        droppedBytes += Math.Max(0, before - core.Live.Total);
        if (core.Room.LiveIsShort)
            spareWrittenFrom = log.TailAddress + core.Limits.LiveSlackBytes;
    }

    /// <summary>What is guarded may fill the log's old end for gigabytes, which would all be written again before anything could go.</summary>
    private void EvictAny()
    {
        long before = core.Live.Total;
        memory.Evict();
        droppedBytes += Math.Max(0, before - core.Live.Total);
    }

    private bool ReclaimSegment(long begin, long end, bool drop, CancellationToken cancellation)
    {
        (mustDrop, droppedBytes, truncatesBefore) = (drop, 0, end);
        core.Damage.Begin();
        core.Chunks.Records!.ForgetBefore(begin);
        ForgetDecisionsBefore(begin);
        if (!objects.TryRewriteMoved(end))
            return false;
        if (core.Live.OfSegmentAt(begin) > 0)
        {
            if (log.CommitAsync(cancellation).AsTask().GetAwaiter().GetResult() != null)
                return false;
            if (!ReclaimRecords(begin, end, cancellation))
                return false;
        }

        // What an object replaces may go here, before the object that waits for the writer is in the log.
        core.Room.SetReclaimWaits(true);
        CacheError? unwritten = core.ObjectWriter.Flush();
        core.Room.SetReclaimWaits(false);
        if (unwritten != null)
            return false;
        spaces.Relocate(end);
        // Until the segment is gone there is nothing else to walk: a second walk over it would find nothing, and pass for one in vain.
        if (log.TruncateAsync(end).WaitAsync(cancellation).GetAwaiter().GetResult() != null)
            return false;
        core.Chunks.Records!.ForgetBefore(end);
        core.Damage.Tell();
        return true;
    }

    /// <summary>Chunks as they are listed, and between them whatever else there is.</summary>
    private bool ReclaimRecords(long begin, long end, CancellationToken cancellation)
    {
        long segment = begin & ~((long)log.SegmentBytes - 1);
        long at = begin;
        foreach (ChunkRecords.ChunkRun run in core.Chunks.Records!.OfSegmentAt(begin))
        {
            if (!ReclaimBetween(at, segment + run.Offset, cancellation))
                return false;
            at = segment + run.Offset;
            for (int index = 0; index < run.Count; index++, at += log.RecordBytes(0, run.Bytes))
            {
                while (!TryReclaimChunk(run.FirstId + index, at, cancellation))
                {
                    if (!WaitForRoom(cancellation))
                        return false;
                }
            }
        }

        return ReclaimBetween(at, end, cancellation);
    }

    private bool ReclaimBetween(long from, long end, CancellationToken cancellation)
    {
        if (from >= end)
            return true;
        do
        {
            stopped = false;
            from = log.Scan(from, end, this, isRecord: true);
            if (stopped && (objects.HasFailed || !WaitForRoom(cancellation)))
                return false;
        }
        while (stopped);
        return true;
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
            if (MayDrop(entry, PartsOf(entry)))
            {
                droppedBytes += core.RecordBytes(entry);
                core.Tell(entry, hash, ReasonOf(entry));
                core.Unlink(hash, entry);
                core.Counters.Evicted();
                return true;
            }

            if ((entry->Flags & EntryFlags.Slotted) == 0)
                return TryMove(entry, hash, address, key, value);
            if (core.Objects.SlotOf(entry).Changes == null)
                return TryMoveBase(entry, hash, address, record, value);
        }

        return objects.TryRewrite(record.Space, hash, key, truncatesBefore);
    }

    /// <summary>A change outlives its base only where that is damaged: the object, if it is in memory, is saved by this.</summary>
    private bool VisitChange(long address, in RecordHeader record, ReadOnlySpan<byte> key)
    {
        ulong hash = core.Hash.Of(key);
        Shard shard = core.ShardOf(hash);
        lock (shard.Gate)
        {
            EntryHeader* entry = shard.Table.Find(hash, record.Space, key);
            if (entry == null || (entry->Flags & EntryFlags.Slotted) == 0 || core.Objects.SlotOf(entry).Changes?.Has(address) != true)
                return true;
        }

        return objects.TryRewrite(record.Space, hash, key, truncatesBefore);
    }

    private bool TryMove(EntryHeader* entry, ulong hash, long address, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        RecordHeader header = EntryRecords.HeaderOf(entry);
        if (!core.TryAppend(entry, hash, ref header, value, out long moved))
            return false;
        core.Live.Move(address, moved, core.RecordBytes(entry));
        entry->Address = moved;
        core.Counters.Rewritten(RecordHeader.Bytes + key.Length + value.Length);
        return true;
    }

    /// <summary>An object that has no changes behind its base: the record as it is.</summary>
    private bool TryMoveBase(EntryHeader* entry, ulong hash, long address, in RecordHeader record, ReadOnlySpan<byte> value)
    {
        RecordHeader header = EntryRecords.HeaderOf(entry);
        (header.Kind, header.B) = (record.Kind, record.B);
        if (!log.TryAppend(ref header, Shard.KeyOf(entry), value, out long moved))
            return false;
        core.Live.Move(address, moved, core.Objects.SlotOf(entry).LiveBytes);
        entry->Address = moved;
        core.Counters.Rewritten(RecordHeader.Bytes + entry->KeyBytes + value.Length);
        return true;
    }

    /// <summary>False where the log's buffer is full now.</summary>
    private bool TryReclaimChunk(long id, long address, CancellationToken cancellation)
    {
        if (!Stays(id, address, out Chunk? chunk))
            return true;
        Result<RecordLease> read = log.ReadAsync(address, log.RecordBytes(0, chunk.Bytes), cancellation).AsTask().GetAwaiter().GetResult();
        if (!read.IsOk)
        {
            if (Volatile.Read(ref chunk.Address) != address) // dropped, or written anew, meanwhile
                return true;
            if (read.Error.Code != CacheErrorCode.Corrupt)
                throw new IOException(read.Error.Message);
            Damaged(address, chunk.Bytes);
            return true;
        }

        using RecordLease lease = read.Value;
        return TryRelocate(chunk, address, lease.Header, lease.Value.Span);
    }

    private bool Stays(long id, long address, [NotNullWhen(true)] out Chunk? chunk)
    {
        chunk = core.Chunks.Find(id);
        return chunk != null && Volatile.Read(ref chunk.Address) == address
            && !(mustDrop && chunk.Owner is { } owner && TryDropChunk(owner, chunk));
    }

    private bool VisitChunk(long address, in RecordHeader record, ReadOnlySpan<byte> value)
    {
        return !Stays(record.A, address, out Chunk? chunk) || TryRelocate(chunk, address, record, value);
    }

    private bool TryRelocate(Chunk chunk, long address, in RecordHeader record, ReadOnlySpan<byte> value)
    {
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
            EntryHeader* entry = core.HolderOf(owner, hash);
            if (entry == null || !MayDrop(entry, owner))
                return false;
            droppedBytes += chunk.Bytes;
            if ((entry->Flags & (EntryFlags.Clean | EntryFlags.Object)) == EntryFlags.Clean)
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
        new EntryRef(entry).ExpiresAt is not 0 and var at && at <= core.NowIn(ShardOf(entry)) ? KeyChange.Expired : KeyChange.Evicted;

    private Shard ShardOf(EntryHeader* entry) => core.ShardOf(core.Hash.Of(Shard.KeyOf(entry)));

    private LargeValue? PartsOf(EntryHeader* entry) =>
        (entry->Flags & EntryFlags.Slotted) != 0 ? core.Objects.SlotOf(entry).Chunks : (entry->Flags & EntryFlags.Large) != 0 ? core.LargeOf(entry) : null;

    /// <param name="parts">The entry's chunks, where it has any.</param>
    private bool MayDrop(EntryHeader* entry, LargeValue? parts)
    {
        if (core.Spaces.IsGone(entry->Space) || ((!core.KeepsExpired || mustDrop) && new EntryRef(entry).ExpiresAt is not 0 and var at && at <= core.NowIn(ShardOf(entry))))
            return true;
        if (!mustDrop || ((entry->Flags & EntryFlags.Clean) == 0 && (core.Policy.KeepsAll || sparesWritten)) || core.IsGuarded(entry))
            return false;
        return !(parts != null ? IsKept(entry, parts) : IsKept(entry, entry->Address));
    }

    // The parts of a large value have one fate, or a walk would leave holes in every value and none whole. It is asked again where the walk has come to
    // what was written after that.
    private bool IsKept(EntryHeader* entry, LargeValue parts)
    {
        if (decided.TryGetValue(parts, out (bool IsKept, long Until) before))
            return before.IsKept;
        bool isKept = AsksToKeep(entry);
        decided[parts] = (isKept, log.TailAddress);
        return isKept;
    }

    private bool IsKept(EntryHeader* entry, long address)
    {
        if (asked.Address != address)
            asked = (address, AsksToKeep(entry));
        return asked.IsKept;
    }

    private bool AsksToKeep(EntryHeader* entry) =>
        core.Policy.Keep(new EntryRef(entry), new ReclaimContext(ReclaimTier.Store, core.Clock, KeepShare, IsOldest: true));

    private void ForgetDecisionsBefore(long begin)
    {
        foreach ((LargeValue value, (_, long until)) in decided)
        {
            if (until <= begin || value.IsDropped)
                decided.Remove(value);
        }
    }
}
