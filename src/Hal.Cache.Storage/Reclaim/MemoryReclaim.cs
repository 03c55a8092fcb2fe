using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Storage.Objects;

namespace Hal.Cache.Storage.Reclaim;

/// <summary>
/// Makes room in memory: walks pages and chunks in turn, each in proportion to how many there are; values that the policy does not keep
/// move to the log, or leave the store where there is none; pages with few entries left are emptied into others.
/// </summary>
internal sealed unsafe class MemoryReclaim(StoreCore core, Random random)
{
    private const double FirstKeepShare = 0.5;

    /// <summary>The last pass that only moves values to the log, where there is one; after it objects leave the store.</summary>
    private const int SpillPasses = 2;

    /// <summary>Bytes of objects that one walk over a page takes out of memory at most, or it would hold the lock for long.</summary>
    private const long ObjectBytesPerWalk = 1 << 20;

    /// <summary>Passes that are walked again since they gained something: a walk takes only so many bytes of objects.</summary>
    private const int RepeatsMax = 64;

    /// <summary>Passes that drop an origin's objects, which can be read again: what the policy gives up, then all.</summary>
    private const int CleanPasses = 2;

    /// <summary>Passes that drop what clients wrote, too: what the policy gives up, then anything.</summary>
    private const int WrittenPasses = 2;

    private readonly int firstDropPass = core.Log == null ? 0 : SpillPasses + 1;
    private readonly List<ObjectSlot> big = [];
    private long walkedBytes;
    private int nextShard = random.Next(core.Shards.Length);
    private bool blocked;
    private bool gained;

    private int FirstWrittenPass => firstDropPass + CleanPasses;

    // Where nothing may be dropped, one pass must have been over everything all the same: it also moves together what is left over.
    private int PassesEnd => core.Policy.KeepsAll ? FirstWrittenPass + (core.Log == null ? 1 : 0) : FirstWrittenPass + WrittenPasses;

    /// <summary>Goes on until there is slack, or nothing more to gain.</summary>
    public void Run()
    {
        long target = core.Limits.MemorySlackBytes + (core.Limits.MemorySlackBytes / 2) + core.Room.DemandedBytes;
        int repeats = 0;
        for (int pass = 0; pass < PassesEnd; pass++)
        {
            if (IsCleanPass(pass) && !core.HasClean)
                continue;
            gained = false;
            int steps = Math.Max(SlabPages() + core.Chunks.Clock.Count, core.Shards.Length);
            for (int step = 0; step <= steps; step++)
            {
                if (core.Pool.FreeBytes >= target)
                {
                    core.Room.Pulse();
                    return;
                }

                Step(pass);
                WriteBig();
                if ((step & 15) == 0 && core.Pool.FreeBytes > core.Limits.MemorySlackBytes / 2)
                    core.Room.Pulse();
                if (blocked)
                {
                    blocked = false;
                    core.Log!.WaitForRoomAsync(CancellationToken.None).AsTask().Wait(TimeSpan.FromMilliseconds(100));
                    if (core.Log.Health.State != Log.LogState.Ok)
                        return;
                }
            }

            if (gained && core.Log != null && pass <= SpillPasses && repeats++ < RepeatsMax)
                pass--; // nothing is to leave the store while more can leave memory
        }

        // What is written meanwhile may take all that was gained: only a pass without any gain shows that there is nothing to give up.
        if (!gained && core.Pool.FreeBytes < core.Limits.MemorySlackBytes / 2)
            core.Room.Exhausted();
        else
            core.Room.Pulse();
    }

    /// <summary>Drops objects until the live bytes fit, for what is in memory alone and not in the log yet.</summary>
    public void Evict()
    {
        EvictClean();
        int steps = Math.Max(SlabPages() + core.Chunks.Clock.Count, core.Shards.Length);
        for (int step = 0; step <= steps && core.Room.LiveIsShort; step++)
        {
            Step(FirstWrittenPass);
            WriteBig();
        }

        core.Room.Pulse();
    }

    /// <summary>Drops an origin's objects wherever they are until the live bytes fit, or until there are none.</summary>
    public void EvictClean()
    {
        for (int pass = firstDropPass; pass < FirstWrittenPass; pass++)
        {
            foreach (Shard shard in core.Shards)
            {
                for (int page = shard.Slab.PageCount; page > 0 && Volatile.Read(ref shard.CleanKeys) > 0; page--)
                {
                    if (!core.Room.LiveIsShort)
                        return;
                    StepPage(shard, pass);
                }
            }
        }
    }

    private bool IsCleanPass(int pass) => pass >= firstDropPass && pass < FirstWrittenPass;

    private int SlabPages()
    {
        int pages = 0;
        foreach (Shard shard in core.Shards)
            pages += shard.Slab.PageCount;
        return pages;
    }

    private void Step(int pass)
    {
        int chunks = core.Chunks.Clock.Count;
        int pages = SlabPages();
        if (chunks > 0 && random.Next(chunks + pages) < chunks)
            StepChunk(pass);
        else
            StepPage(core.Shards[nextShard++ % core.Shards.Length], pass);
    }

    private void StepChunk(int pass)
    {
        if (core.Chunks.Clock.Next() is not { } chunk || Volatile.Read(ref chunk.Lent) > 0)
            return; // what is being sent would free nothing now
        if (chunk.Hot && pass < SpillPasses)
        {
            chunk.Hot = false;
            core.Chunks.Compact(chunk);
            return;
        }

        if (pass < firstDropPass)
        {
            if (chunk.Owner is { IsReadAgain: true } copied && TryLetGo(copied, chunk))
                return;
            bool spilled = core.Chunks.TrySpill(chunk);
            gained |= spilled;
            blocked = !spilled && !core.Log!.HasRoom;
            return;
        }

        if (chunk.Owner is not { } owner)
            return;
        ulong hash = owner.KeyHash;
        lock (core.ShardOf(hash).Gate)
        {
            EntryHeader* entry = core.HolderOf(owner, hash);
            if (entry != null && TryEvict(entry, hash, pass))
                return;
            core.Chunks.Compact(chunk);
        }
    }

    /// <summary>Drops a chunk that is to be read from its origin again; false where it is to be written all the same.</summary>
    private bool TryLetGo(LargeValue owner, Chunk chunk)
    {
        ulong hash = owner.KeyHash;
        lock (core.ShardOf(hash).Gate)
        {
            EntryHeader* entry = core.HolderOf(owner, hash);
            if (entry == null || Volatile.Read(ref chunk.Address) != 0 || core.IsGuarded(entry))
                return false;
            if (!owner.Detach(chunk))
                return false;
            return gained = true;
        }
    }

    private bool MayDrop(EntryHeader* entry, int pass)
    {
        if (((entry->Flags & EntryFlags.Clean) == 0 && (core.Policy.KeepsAll || IsCleanPass(pass))) || core.IsGuarded(entry))
            return false;
        bool asks = pass == firstDropPass || pass == FirstWrittenPass;
        return !asks || !core.Policy.Keep(new EntryRef(entry), new ReclaimContext(ReclaimTier.Store, core.Clock, FirstKeepShare));
    }

    private void StepPage(Shard shard, int pass)
    {
        lock (shard.Gate)
        {
            if (shard.Slab.PageCount == 0)
                return;
            shard.ReclaimHand = shard.ReclaimHand + 1 < shard.Slab.PageCount ? shard.ReclaimHand + 1 : 0;
            SlabPage* page = shard.Slab.Page(shard.ReclaimHand);
            if (!Walk(page, pass) || page->Live > page->Slots / 2 || !shard.Slab.CanEmpty(page))
                return;
            MoveAway(shard, page);
        }
    }

    /// <summary>False where the page is gone, since its last entry went.</summary>
    private bool Walk(SlabPage* page, int pass)
    {
        walkedBytes = 0;
        bool evict = pass >= firstDropPass;
        var context = new ReclaimContext(ReclaimTier.Memory, core.Clock, pass == 0 ? FirstKeepShare : 0);
        for (int index = 0; index < page->Carved; index++)
        {
            var entry = (EntryHeader*)SlabPage.Slot(page, index);
            if ((entry->Flags & EntryFlags.InUse) == 0)
                continue;
            bool last = page->Live == 1;
            ulong hash = core.Hash.Of(Shard.KeyOf(entry));
            if (evict ? !TryEvict(entry, hash, pass) : !TrySpill(entry, hash, context))
            {
                if (blocked)
                    return true;
                continue;
            }

            if (last)
                return false;
            if (walkedBytes >= ObjectBytesPerWalk)
                break;
        }

        return true;
    }

    private bool TryEvict(EntryHeader* entry, ulong hash, int pass)
    {
        long bytes = (entry->Flags & EntryFlags.Slotted) != 0 ? core.Objects.SlotOf(entry).CountedBytes : 0;
        if (!MayDrop(entry, pass) || !core.TryDrop(hash, entry, KeyChange.Evicted))
            return false;
        walkedBytes += bytes;
        core.Counters.Evicted();
        gained = true;
        return true;
    }

    private bool TrySpill(EntryHeader* entry, ulong hash, in ReclaimContext context)
    {
        const EntryFlags fixedHere = EntryFlags.OnDisk | EntryFlags.Large;
        if ((entry->Flags & fixedHere) != 0)
            return false;
        if ((entry->Flags & EntryFlags.Slotted) != 0)
            return TryShelve(entry, hash, context);
        if (SizeClasses.Of(Shard.FixedBytes(entry)) == entry->SizeClass)
            return false;
        if (context.KeepShare > 0 && core.Policy.Keep(new EntryRef(entry), context))
            return false;
        if (!DirtyEntries.TryAppend(core, entry, hash))
        {
            blocked = true;
            return false;
        }

        core.Spill(hash, entry);
        gained = true;
        return true;
    }

    /// <summary>False where the object stays, or is to be written without the lock first.</summary>
    private bool TryShelve(EntryHeader* entry, ulong hash, in ReclaimContext context)
    {
        ObjectSlot slot = core.Objects.SlotOf(entry);
        if (slot.IsBusy || slot.Holds > 0 || slot.Ticket != 0 || (context.KeepShare > 0 && core.Policy.Keep(new EntryRef(entry), context)))
            return false;
        long bytes = slot.CountedBytes;
        if ((entry->Flags & EntryFlags.Clean) != 0)
            return TryDropCopy(entry, hash, bytes);
        if (core.Objects.TryShelveWithChanges(entry, slot))
        {
            walkedBytes += bytes;
            gained = true;
            return true;
        }

        switch (DirtyEntries.TryAppendObject(core, entry, slot))
        {
            case BaseStatus.Full:
                blocked = true;
                return false;
            case BaseStatus.TooLong:
                big.Add(slot);
                walkedBytes += bytes;
                return false;
        }

        core.Objects.Shelve(entry, slot);
        walkedBytes += bytes;
        gained = true;
        return true;
    }

    /// <summary>A copied object is brought again where it is wanted again, which costs less than writing and reading it here.</summary>
    private bool TryDropCopy(EntryHeader* entry, ulong hash, long bytes)
    {
        if (!core.TryDrop(hash, entry, KeyChange.Evicted))
        {
            blocked = true;
            return false;
        }

        core.Counters.Evicted();
        walkedBytes += bytes;
        gained = true;
        return true;
    }

    private void WriteBig()
    {
        foreach (ObjectSlot slot in big)
        {
            if (core.ObjectWriter.Write(slot, shelve: true, isReclaiming: false))
                gained = true;
            else
                blocked = true;
        }

        big.Clear();
        core.Objects.Graveyard.Empty();
    }

    private void MoveAway(Shard shard, SlabPage* page)
    {
        shard.Slab.Seal(page);
        int slotBytes = page->SlotBytes;
        for (int index = 0, left = page->Live; left > 0; index++)
        {
            var entry = (EntryHeader*)SlabPage.Slot(page, index);
            if ((entry->Flags & EntryFlags.InUse) == 0)
                continue;
            EntryHeader* moved = shard.Slab.Allocate(slotBytes);
            byte sizeClass = moved->SizeClass;
            Buffer.MemoryCopy(entry, moved, slotBytes, slotBytes);
            moved->SizeClass = sizeClass;
            shard.Table.Replace(core.Hash.Of(Shard.KeyOf(entry)), entry, moved);
            left--;
            shard.Slab.Free(entry);
        }
    }
}
