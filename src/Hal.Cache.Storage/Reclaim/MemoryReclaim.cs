using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Reclaim;

/// <summary>
/// Makes room in memory: walks pages and chunks in turn, each in proportion to how many there are; values that the policy does not keep
/// move to the log, or leave the store where there is none; pages with few entries left are emptied into others.
/// </summary>
internal sealed unsafe class MemoryReclaim(StoreCore core, Random random)
{
    private const double FirstKeepShare = 0.5;
    private const int PassesMax = 6;

    /// <summary>Passes after which objects leave the store, where that is allowed.</summary>
    private const int SpillPasses = 2;

    private bool blocked;

    /// <summary>Goes on until there is slack, or nothing more to gain.</summary>
    public void Run()
    {
        long target = core.Limits.MemorySlackBytes + (core.Limits.MemorySlackBytes / 2);
        for (int pass = 0; pass < PassesMax; pass++)
        {
            long usedBefore = core.Pool.UsedBytes;
            int steps = SlabPages() + core.Chunks.Clock.Count;
            for (int step = 0; step <= steps; step++)
            {
                if (core.Pool.FreeBytes >= target)
                {
                    core.Room.Pulse();
                    return;
                }

                Step(pass);
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

            if (pass >= SpillPasses && core.Pool.UsedBytes >= usedBefore)
                break;
        }

        if (core.Pool.FreeBytes < core.Limits.MemorySlackBytes / 2)
            core.Room.Exhausted();
        else
            core.Room.Pulse();
    }

    /// <summary>Drops objects until the live bytes fit, for what is in memory alone and not in the log yet.</summary>
    public void Evict()
    {
        int steps = SlabPages() + core.Chunks.Clock.Count;
        for (int step = 0; step <= steps && core.Room.LiveIsShort; step++)
            Step(SpillPasses + 1);
        core.Room.Pulse();
    }

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
            StepPage(core.Shards[random.Next(core.Shards.Length)], pass);
    }

    private void StepChunk(int pass)
    {
        if (core.Chunks.Clock.Next() is not { } chunk)
            return;
        if (chunk.Hot && pass < SpillPasses)
        {
            chunk.Hot = false;
            return;
        }

        bool evict = core.Log == null || pass > SpillPasses;
        if (!evict)
        {
            blocked = !core.Chunks.TrySpill(chunk) && !core.Log!.HasRoom;
            return;
        }

        if (chunk.Owner is not { } owner)
            return;
        ulong hash = owner.KeyHash;
        lock (core.ShardOf(hash).Gate)
        {
            EntryHeader* entry = core.HolderOf(owner);
            if (entry == null || !MayDrop(entry, pass))
                return;
            if (core.TryDrop(hash, entry, KeyChange.Evicted))
                core.Counters.Evicted();
        }
    }

    private bool MayDrop(EntryHeader* entry, int pass)
    {
        if (core.Policy.KeepsAll && (entry->Flags & EntryFlags.Clean) == 0)
            return false;
        double keep = pass > SpillPasses + 1 || (core.Log == null && pass > 1) ? 0 : FirstKeepShare;
        return keep == 0 || !core.Policy.Keep(new EntryRef(entry), new ReclaimContext(ReclaimTier.Store, core.Clock, keep));
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
        bool evict = core.Log == null || pass > SpillPasses;
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
        }

        return true;
    }

    private bool TryEvict(EntryHeader* entry, ulong hash, int pass)
    {
        if (!MayDrop(entry, pass) || !core.TryDrop(hash, entry, KeyChange.Evicted))
            return false;
        core.Counters.Evicted();
        return true;
    }

    private bool TrySpill(EntryHeader* entry, ulong hash, in ReclaimContext context)
    {
        const EntryFlags fixedHere = EntryFlags.OnDisk | EntryFlags.Large;
        if ((entry->Flags & fixedHere) != 0)
            return false;
        int stubBytes = EntryHeader.Bytes + entry->KeyBytes + ((entry->Flags & EntryFlags.HasExpiry) != 0 ? sizeof(long) : 0);
        if (SizeClasses.Of(stubBytes) == entry->SizeClass)
            return false;
        if (context.KeepShare > 0 && core.Policy.Keep(new EntryRef(entry), context))
            return false;
        if (!DirtyEntries.TryAppend(core, entry, hash))
        {
            blocked = true;
            return false;
        }

        core.Spill(hash, entry);
        return true;
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
