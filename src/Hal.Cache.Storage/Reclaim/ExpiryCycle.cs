using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Reclaim;

/// <summary>Removes entries whose time has come, and those of emptied databases, a few at a time under each lock.</summary>
internal sealed unsafe class ExpiryCycle(StoreCore core)
{
    private const int ExpiredPerLock = 256;
    private const int BucketsPerLock = 256;

    /// <summary>How many stale items the queue may hold for each entry with an expiry before it is built anew.</summary>
    private const int StaleFactor = 2;
    private const int StaleMin = 4096;

    public void Run()
    {
        foreach (Shard shard in core.Shards)
        {
            while (RunOnce(shard))
            {
                // Others get the lock between two rounds.
            }
        }
    }

    /// <summary>Frees the entries of spaces that no database has any more.</summary>
    public void Drain()
    {
        foreach (Shard shard in core.Shards)
        {
            ulong place = 0;
            do
            {
                place = DrainSome(shard, place);
            }
            while (place != 0);
        }

        for (int space = 0; space < SpaceMap.SpacesMax; space++)
        {
            if (core.Spaces.IsDraining(space) && Array.TrueForAll(core.Shards, shard => Volatile.Read(ref shard.KeysBySpace[space]) == 0))
                core.Spaces.Drained(space);
        }

        core.Room.Pulse();
    }

    private bool RunOnce(Shard shard)
    {
        lock (shard.Gate)
        {
            long now = core.NowIn(shard);
            int taken = 0;
            for (; taken < ExpiredPerLock && shard.Expiries.TryTake(now, out ulong hash); taken++)
                Expire(shard, hash, now);
            int expiring = 0;
            foreach (int count in shard.ExpiringBySpace)
                expiring += count;
            if (shard.Expiries.Count > StaleMin + (StaleFactor * expiring))
                Rebuild(shard);
            return taken == ExpiredPerLock;
        }
    }

    private void Expire(Shard shard, ulong hash, long now)
    {
        EntryHeader* next;
        for (EntryHeader* entry = shard.Table.Chain(hash); entry != null; entry = next)
        {
            next = KeyTable.Next(entry);
            long at = new EntryRef(entry).ExpiresAt;
            if (at == 0 || core.Hash.Of(Shard.KeyOf(entry)) != hash)
                continue;
            if (at > now)
            {
                shard.Expiries.Add(at, hash); // it was given more time
            }
            else if (core.TryDrop(hash, entry, KeyChange.Expired))
            {
                core.Counters.Expired();
            }
            else
            {
                shard.Expiries.Add(now + 1000, hash);
            }

            if (at <= now)
                return; // a removal may have moved the chain; another entry of this hash has its own item
        }
    }

    private void Rebuild(Shard shard)
    {
        shard.Expiries.Clear();
        var visitor = new ShardVisitor(core.Spaces, core.Hash, -1, 0, new Requeue(core, shard));
        ulong place = 0;
        do
        {
            place = shard.Table.Scan(place, ref visitor);
        }
        while (place != 0);
    }

    private ulong DrainSome(Shard shard, ulong place)
    {
        lock (shard.Gate)
        {
            var gone = new List<nint>();
            for (int buckets = 0; buckets < BucketsPerLock; buckets++)
            {
                place = shard.Table.ScanAll(place, gone);
                if (place == 0)
                    break;
            }

            foreach (nint at in gone)
            {
                var entry = (EntryHeader*)at;
                if (core.Spaces.IsGone(entry->Space))
                    core.Unlink(core.Hash.Of(Shard.KeyOf(entry)), entry);
            }

            return place;
        }
    }

    private sealed class Requeue(StoreCore core, Shard shard) : IEntryVisitor
    {
        public void Visit(int database, in EntryRef entry)
        {
            if (entry.ExpiresAt is not 0 and var at)
                shard.Expiries.Add(at, core.Hash.Of(entry.Key));
        }
    }
}
