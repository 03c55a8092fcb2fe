using Hal.Cache.Coherence;
using Hal.Cache.Coherence.Messages;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Tree.Collections;

namespace Hal.Cache.Node.Tree.Publication;

/// <summary>What a holder is told of an entry that it asked for. Called under the lock of the key's shard.</summary>
internal sealed class AcquireAnswers(Keyspace keyspace)
{
    /// <summary>Structures up to this size are written under their shard's lock, to see whether they fit into the answer.</summary>
    private const int SentObjectBytesMax = 32 << 10;

    private readonly IBlobStore store = keyspace.Store;

    /// <summary>Whether a collection is too large to be copied: commands on it run here.</summary>
    public bool IsTooLarge(in EntryRef entry) => !entry.IsNone && entry.IsObject && store.Object(entry).MemoryBytes > keyspace.CollectionPullMaxBytes;

    /// <summary>The answer for an entry, with its bytes where they are few and the holder has not got them.</summary>
    public AcquireAnswer Of(AcquireItem item, in BlobKey key, in EntryRef entry)
    {
        if (entry.IsNone)
            return new(item.Key, item.Flight, store.LastVersion(key.Hash), AcquireStatus.Absent) { TimeToLive = keyspace.FreshFor(key, entry) };
        if (entry.IsObject)
            return OfObject(item, key, entry);
        // Whoever is told of a version comes for its bytes next, and tells a client its length before: it is kept for a while, where it fits.
        if (entry.IsLarge && (entry.Flags & EntryFlags.Clean) == 0 && item.VersionHad != entry.Version)
            keyspace.Snapshots.Keep(key.Hash, entry.Version, store.Large(entry));
        bool sendsBytes = !entry.IsLarge && item.VersionHad != entry.Version;
        return new(item.Key, item.Flight, entry.Version, AcquireStatus.Found)
        {
            Size = entry.IsLarge ? store.Large(entry).Length : entry.ValueLength,
            TimeToLive = keyspace.FreshFor(key, entry),
            Immutable = keyspace.IsImmutable(key),
            Payload = CopyPayload.Write(entry.Type, entry.Flags, entry.ExpiresAt, sendsBytes, sendsBytes ? entry.Value : default),
        };
    }

    // The size of a collection is that of its structure; whoever wants a big one asks for its manifest next.
    private AcquireAnswer OfObject(AcquireItem item, in BlobKey key, in EntryRef entry)
    {
        IObjectValue value = store.Object(entry);
        byte[] blob = [];
        if (item.VersionHad != entry.Version && value.MemoryBytes <= SentObjectBytesMax)
        {
            using var pieces = new BlobPieces();
            value.Write(pieces);
            if (pieces.Length <= CopyStore.SmallBytesMax)
                blob = pieces.ToArray();
        }

        return new(item.Key, item.Flight, entry.Version, AcquireStatus.Found)
        {
            Size = value.MemoryBytes,
            TimeToLive = keyspace.CollectionFreshFor(key, entry),
            Payload = CopyPayload.Write(entry.Type, entry.Flags, entry.ExpiresAt, blob.Length > 0, blob),
        };
    }
}
