using System.Collections.Concurrent;
using Hal.Cache.Coherence;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Tree.Holding;

/// <summary>
/// Copies of the authority's keys that the store has evicted: noted under their shard's lock, told to the authority later and without it. One that is not told is
/// invalidated in vain some time.
/// </summary>
internal sealed class EvictedCopies(TreeOptions options, IBlobStore store, CopyStore copies) : IKeyChangeSink
{
    /// <summary>Evictions that wait to be told.</summary>
    private const int WaitingMax = 1 << 16;

    private readonly ConcurrentQueue<(KeyId Key, long Registration)> waiting = new();

    /// <summary>Hands those that wait to the holder, under its host's lock.</summary>
    public void TellTo(CopyHolder holder, long now)
    {
        while (waiting.TryDequeue(out (KeyId Key, long Registration) gone))
            holder.Evicted(gone.Key, gone.Registration, now);
    }

    void IKeyChangeSink.Changed(in BlobKey key, KeyChange change, long writer)
    {
        if (change != KeyChange.Evicted || !options.Roots.Owns(options.Root, key.Bytes))
            return;
        for (EntryRef entry = store.FindNext(key.Database, key.Hash, default); !entry.IsNone; entry = store.FindNext(key.Database, key.Hash, entry))
        {
            if (!entry.Key.SequenceEqual(key.Bytes) || !copies.TryStamp(entry, out OriginStamp stamp) || stamp.ValidatedAt == CopyHolder.Suspect)
                continue;
            var id = new KeyId(key.Hash, (ushort)key.Database);
            copies.Ended(id, entry);
            if (waiting.Count < WaitingMax)
                waiting.Enqueue((id, stamp.ValidatedAt));
        }
    }

    void IKeyChangeSink.Flushing(int database, long writer)
    {
        // Whole databases are emptied by the authority alone, which invalidates all.
    }

    void IKeyChangeSink.Swapping(int first, int second, long writer)
    {
        // As above.
    }
}
