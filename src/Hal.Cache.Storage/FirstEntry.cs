using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage;

/// <summary>Finds any live entry of a database by a scan, where random tries meet only other databases or empty buckets.</summary>
internal sealed class FirstEntry : IEntryVisitor
{
    private EntryRef found;

    public static EntryRef Of(IBlobStore store, int database)
    {
        var visitor = new FirstEntry();
        ulong cursor = 0;
        do
        {
            cursor = store.Scan(cursor, database, 1, visitor);
        }
        while (cursor != 0 && visitor.found.IsNone);
        return visitor.found;
    }

    public void Visit(int database, in EntryRef entry)
    {
        if (found.IsNone)
            found = entry;
    }
}
