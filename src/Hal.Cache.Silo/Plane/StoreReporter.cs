using Hal.Cache.Contracts.Storage;
using Hal.Cache.ControlPlane.Reporting;

namespace Hal.Cache.Silo.Plane;

/// <summary>Makes reports of a store's changes: every change is told under its shard's lock, so in the order of its key.</summary>
internal sealed class StoreReporter(IBlobStore store) : IKeyChangeSink, IContentScan
{
    /// <summary>Set before the first change is told.</summary>
    public InstanceReporter? Reporter { get; set; }

    public void Changed(in BlobKey key, KeyChange change, long writer)
    {
        if (change == KeyChange.ExpirySet || Reporter is not { } reporter) return;
        if (Removal(change) is { } reason)
        {
            reporter.Removed(key.Bytes, key.Database, reason, Before.Unknown);
            return;
        }
        var scope = default(WriteScope);
        var entry = store.Find(key, ref scope);
        if (!entry.IsNone)
            reporter.Added(key.Bytes, key.Database, store.BytesOf(entry), entry.Version, change == KeyChange.Replaced ? Before.Unknown : Before.Nothing);
    }

    public void Flushing(int database, long writer) => Reporter?.ChangedThroughout();

    public void Swapping(int first, int second, long writer) => Reporter?.ChangedThroughout();

    public ulong Read(ulong cursor, int max, IContentSink sink) => store.Scan(cursor, database: -1, max, new Visitor(store, sink));

    private static RemovalReason? Removal(KeyChange change) => change switch
    {
        KeyChange.Deleted => RemovalReason.Deleted,
        KeyChange.Expired => RemovalReason.Expired,
        KeyChange.Evicted => RemovalReason.Evicted,
        KeyChange.Invalidated => RemovalReason.Invalidated, // where another copy takes its place, that is told next
        _ => null,
    };

    private sealed class Visitor(IBlobStore store, IContentSink sink) : IEntryVisitor
    {
        public void Visit(int database, in EntryRef entry) => sink.Tell(entry.Key, database, store.BytesOf(entry), entry.Version);
    }
}
