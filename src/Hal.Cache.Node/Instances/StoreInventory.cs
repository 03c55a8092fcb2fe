using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Instances;

/// <summary>The inventory of a store: its key table, walked as SCAN walks it.</summary>
internal sealed class StoreInventory(IBlobStore store) : IInventory
{
    public ulong Read(ulong cursor, int max, IInventorySink sink)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, IInventory.BatchMax);
        return store.Scan(cursor, database: -1, max, new Visitor(store, sink));
    }

    private sealed class Visitor(IBlobStore store, IInventorySink sink) : IEntryVisitor
    {
        public void Visit(int database, in EntryRef entry) => sink.Add(database, entry.Key, store.BytesOf(entry));
    }
}
