using System.Numerics;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage;

/// <summary>Walks and counts the entries of a database.</summary>
internal sealed unsafe class EntryScan(StoreCore core, IBlobStore store)
{
    /// <summary>Buckets that a scan looks at in one call where it finds little: all of a small store's.</summary>
    private const long EmptyBucketsMax = 8192;

    public ulong Scan(ulong cursor, int database, int count, IEntryVisitor visitor)
    {
        // The low bits of a cursor are the shard, the others the place in its table.
        int shardBits = BitOperations.Log2((uint)core.Shards.Length);
        int index = (int)(cursor & ((1UL << shardBits) - 1));
        ulong place = cursor >> shardBits;
        var expired = new List<ulong>();
        var wrapped = new ShardVisitor(core.Spaces, core.Hash, database, 0, visitor) { Expired = expired };
        for (int buckets = 0; index < core.Shards.Length; index++, place = 0)
        {
            Shard shard = core.Shards[index];
            shard.Gate.Enter();
            shard.Depth++;
            try
            {
                wrapped.Now = core.NowIn(shard);
                do
                {
                    place = shard.Table.Scan(place, ref wrapped);
                    DropExpired(shard, expired);
                    if (wrapped.Visited >= count || ++buckets >= Math.Max(EmptyBucketsMax, 10L * count))
                    {
                        if (place != 0)
                            return (place << shardBits) | (uint)index;
                        return index + 1 < core.Shards.Length ? (uint)index + 1 : 0;
                    }
                }
                while (place != 0);
            }
            finally
            {
                if (--shard.Depth == 0)
                    core.Packer.Pack(index, count);
                shard.Gate.Exit();
            }
        }

        return 0;
    }

    public EntryRef Random(int database, Random random)
    {
        const int tries = 100;
        int space = core.Spaces.SpaceOf(database);
        if (Count(database) == 0)
            return default;
        for (int attempt = 0; ; attempt++)
        {
            Shard shard = core.Shards[random.Next(core.Shards.Length)];
            EntryHeader* entry = shard.Table.Sample(random);
            if (entry != null && entry->Space == space && new EntryRef(entry).ExpiresAt is var at && (at == 0 || at > core.NowIn(shard)))
                return new EntryRef(entry);
            if (attempt >= tries)
                return FirstEntry.Of(store, database);
        }
    }

    public long Count(int database) => Sum(core.Spaces.SpaceOf(database), expiring: false);

    public long CountExpiring(int database) => Sum(core.Spaces.SpaceOf(database), expiring: true);

    private void DropExpired(Shard shard, List<ulong> hashes)
    {
        if (core.KeepsExpired)
            hashes.Clear();
        foreach (ulong hash in hashes)
        {
            EntryHeader* entry = shard.Table.Chain(hash);
            while (entry != null && (core.Hash.Of(Shard.KeyOf(entry)) != hash || new EntryRef(entry).ExpiresAt is var at && (at == 0 || at > core.NowIn(shard))))
                entry = KeyTable.Next(entry);
            if (entry != null && core.TryDrop(hash, entry, KeyChange.Expired))
                core.Counters.Expired();
        }

        hashes.Clear();
    }

    private long Sum(int space, bool expiring)
    {
        long sum = 0;
        foreach (Shard shard in core.Shards)
            sum += expiring ? Volatile.Read(ref shard.ExpiringBySpace[space]) : Volatile.Read(ref shard.KeysBySpace[space]);
        return sum;
    }
}
