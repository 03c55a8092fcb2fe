using System.Numerics;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Pins;

/// <summary>
/// The pinned keys that are here, which the store must not evict: found by a scan when the selection changes, kept up with every change
/// of a key. While there are no pins, nothing is asked and nothing is told.
/// </summary>
/// <remarks>
/// What is held is noted by shard, under the shard's lock, under which the store asks and tells. While the pinned objects are larger than
/// their part of the store, none of them is kept: the policy chooses, until they fit again.
/// </remarks>
public sealed class PinnedKeys : IKeyChangeSink, IEvictionGuard
{
    private const int EntriesPerStep = 256;
    private const int ShardsMax = 64;

    private readonly IBlobStore store;
    private readonly Lock gate = new();
    private readonly Dictionary<ulong, Held>[] held = [.. Enumerable.Range(0, ShardsMax).Select(_ => new Dictionary<ulong, Held>())];
    private volatile PinSelection selection = PinSelection.Empty;
    private volatile bool isStale;
    private int generation;
    private long bytes;
    private long count;

    public PinnedKeys(IBlobStore store)
    {
        this.store = store;
        IStoreStatistics limits = store.Statistics;
        BytesMax = (long)((limits.DiskLimitBytes > 0 ? limits.DiskLimitBytes : limits.MemoryLimitBytes) * ControlPlaneLimits.PinnedShareMax);
    }

    /// <summary>Bytes that pins may keep.</summary>
    public long BytesMax { get; }

    /// <summary>Bytes of the pinned objects that are here.</summary>
    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>Pinned objects that are here.</summary>
    public long Keys => Interlocked.Read(ref count);

    /// <summary>Databases were exchanged: <see cref="Keep"/> has to be called again.</summary>
    public bool IsStale => isStale;

    /// <summary>Keeps the keys of a selection from here on, in place of the one before. Takes the time of a scan, and no lock for long.</summary>
    public void Keep(PinSelection next)
    {
        lock (gate)
        {
            bool wasEmpty = selection.IsEmpty;
            isStale = false;
            generation++;
            selection = next;
            if (next.IsEmpty)
            {
                if (!wasEmpty)
                    store.RemoveSink(this);
                store.SetGuard(null);
            }
            else
            {
                if (wasEmpty)
                    store.AddSink(this);
                store.SetGuard(this);
                var visitor = new Visitor(this);
                for (ulong cursor = store.Scan(0, database: -1, EntriesPerStep, visitor); cursor != 0;)
                    cursor = store.Scan(cursor, database: -1, EntriesPerStep, visitor);
            }

            // Until here, what was pinned before was still kept.
            for (ulong shards = store.AllShards; shards != 0; shards &= shards - 1)
                DropOlder(1UL << BitOperations.TrailingZeroCount(shards));
        }
    }

    public bool Keeps(in BlobKey key) => Interlocked.Read(ref bytes) <= BytesMax && HeldIn(key.Hash).ContainsKey(PinSelection.Id(key));

    void IKeyChangeSink.Changed(in BlobKey key, KeyChange change, long writer)
    {
        switch (change)
        {
            case KeyChange.Deleted or KeyChange.Expired or KeyChange.Evicted or KeyChange.Invalidated:
                Forget(key);
                break;
            case KeyChange.Added or KeyChange.Replaced or KeyChange.GroupsSet or KeyChange.Fetched when selection.Has(key):
                var scope = default(WriteScope);
                EntryRef entry = store.Find(key, ref scope);
                if (!entry.IsNone)
                    Note(key, entry);
                break;
        }
    }

    void IKeyChangeSink.Flushing(int database, long writer)
    {
        foreach (Dictionary<ulong, Held> shard in held)
        {
            foreach (var (id, one) in shard)
            {
                if (database < 0 || one.Database == database)
                    Remove(shard, id, one);
            }
        }
    }

    void IKeyChangeSink.Swapping(int first, int second, long writer) => isStale = true;

    private Dictionary<ulong, Held> HeldIn(ulong hash) => held[BitOperations.TrailingZeroCount(store.ShardOf(hash))];

    private void Note(in BlobKey key, in EntryRef entry)
    {
        Dictionary<ulong, Held> shard = HeldIn(key.Hash);
        ulong id = PinSelection.Id(key);
        var now = new Held(store.BytesOf(entry), key.Database, generation);
        if (shard.TryGetValue(id, out Held before))
        {
            shard[id] = now;
            Interlocked.Add(ref bytes, now.Bytes - before.Bytes);
        }
        else if (Interlocked.Read(ref count) < ControlPlaneLimits.PinnedKeysMax)
        {
            shard.Add(id, now);
            Interlocked.Add(ref bytes, now.Bytes);
            Interlocked.Increment(ref count);
        }
    }

    private void Forget(in BlobKey key)
    {
        Dictionary<ulong, Held> shard = HeldIn(key.Hash);
        ulong id = PinSelection.Id(key);
        if (shard.TryGetValue(id, out Held before))
            Remove(shard, id, before);
    }

    private void Remove(Dictionary<ulong, Held> shard, ulong id, Held before)
    {
        shard.Remove(id);
        Interlocked.Add(ref bytes, -before.Bytes);
        Interlocked.Decrement(ref count);
    }

    private void DropOlder(ulong shard)
    {
        store.Lock(shard);
        try
        {
            Dictionary<ulong, Held> here = held[BitOperations.TrailingZeroCount(shard)];
            foreach (var (id, one) in here)
            {
                if (one.Generation != generation)
                    Remove(here, id, one);
            }
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    private readonly record struct Held(long Bytes, int Database, int Generation);

    private sealed class Visitor(PinnedKeys pinned) : IEntryVisitor
    {
        public void Visit(int database, in EntryRef entry)
        {
            var key = new BlobKey(database, entry.Key, pinned.store.Hash(entry.Key));
            if (pinned.selection.Has(key))
                pinned.Note(key, entry);
        }
    }
}
