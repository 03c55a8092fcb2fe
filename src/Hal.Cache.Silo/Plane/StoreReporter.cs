using Hal.Cache.Contracts.Storage;
using Hal.Cache.ControlPlane.Reporting;
using Hal.Cache.Node;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Silo.Plane;

/// <summary>
/// Makes reports of a store's changes: every change is told under its shard's lock, so in the order of its key. A copy counts from when
/// all of it is here: one that lacks chunks is no source for others, which might wait for each other.
/// </summary>
internal sealed class StoreReporter(Keyspace keyspace, TransferLog transfers) : IKeyChangeSink, IContentScan, IFetchSink
{
    private readonly IBlobStore store = keyspace.Store;

    /// <summary>Set before the first change is told.</summary>
    public InstanceReporter? Reporter { get; set; }

    void IKeyChangeSink.Changed(in BlobKey key, KeyChange change, long writer) => Changed(key, change, default, writer);

    public void Changed(in BlobKey key, KeyChange change, in KeyBefore before, long writer)
    {
        if (Reporter is not { } reporter) return;
        if (Removal(change) is { } reason)
        {
            reporter.Removed(key.Bytes, key.Database, reason, Told(before));
            return;
        }
        var scope = default(WriteScope);
        var entry = store.Find(key, ref scope);
        if (entry.IsNone) return;
        // The time of a key's end is part of its version.
        var wasThere = change is KeyChange.Replaced or KeyChange.ExpirySet or KeyChange.GroupsSet;
        if (!keyspace.IsWhole(entry, out long version))
        {
            if (wasThere) reporter.Removed(key.Bytes, key.Database, RemovalReason.Invalidated, Told(before));
            return;
        }
        var came = change == KeyChange.Fetched ? keyspace.Retrievals.Current : null;
        reporter.Added(key.Bytes, key.Database, store.BytesOf(entry), version, wasThere ? Told(before) : Before.Nothing, came?.Source, came?.Milliseconds);
    }

    public void Completed(int database, ReadOnlyMemory<byte> key, ILargeValue value, Retrieval retrieval)
    {
        if (Reporter is not { } reporter) return;
        var hash = store.Hash(key.Span);
        var shard = store.ShardOf(hash);
        store.Lock(shard);
        try
        {
            var scope = default(WriteScope);
            var entry = store.Find(new BlobKey(database, key.Span, hash), ref scope);
            if (entry.IsNone || !entry.IsLarge || !ReferenceEquals(store.Large(entry), value) || !keyspace.IsWhole(entry, out long version)) return;
            reporter.Added(key.Span, database, store.BytesOf(entry), version, Before.Nothing, retrieval.Source, retrieval.Milliseconds);
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    public void TransferBegan(string source) => transfers.Began(source);

    public void TransferEnded(string source, long bytes) => transfers.Ended(source, bytes);

    public void Flushing(int database, long writer) => Reporter?.ChangedThroughout();

    public void Swapping(int first, int second, long writer) => Reporter?.ChangedThroughout();

    public ulong Read(ulong cursor, int max, IContentSink sink) => store.Scan(cursor, database: -1, max, new Visitor(keyspace, sink));

    // What was told of it when it came. An object's size changes as it moves between memory and log, which nobody tells; a copy that lacks
    // chunks was whole before, or never told; and of a copy that is in the log the version is not known, so that a scan tells 0 for it.
    private Before Told(in KeyBefore before)
    {
        if (!before.IsKnown || !before.IsWhole || (before.Flags & EntryFlags.Object) != 0) return Before.Unknown;
        if (!keyspace.KeepsCopies) return Before.Copy(before.Bytes, before.Version);
        var isTold = (before.Flags & EntryFlags.Large) != 0 || store.Statistics is { Spilled: 0, Loaded: 0 };
        return isTold && before.Stamp is { } stamp ? Before.Copy(before.Bytes, (long)stamp.Validator) : Before.Unknown;
    }

    private static RemovalReason? Removal(KeyChange change) => change switch
    {
        KeyChange.Deleted => RemovalReason.Deleted,
        KeyChange.Expired => RemovalReason.Expired,
        KeyChange.Evicted => RemovalReason.Evicted,
        KeyChange.Invalidated => RemovalReason.Invalidated, // where another copy takes its place, that is told next
        _ => null,
    };

    private sealed class Visitor(Keyspace keyspace, IContentSink sink) : IEntryVisitor
    {
        public void Visit(int database, in EntryRef entry)
        {
            if (keyspace.IsWhole(entry, out long version)) sink.Tell(entry.Key, database, keyspace.Store.BytesOf(entry), version);
        }
    }
}
