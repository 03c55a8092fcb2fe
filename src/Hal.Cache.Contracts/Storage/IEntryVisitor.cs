namespace Hal.Cache.Contracts.Storage;

/// <summary>Takes the entries of a scan, each under its shard's lock: it must neither block nor change the store.</summary>
public interface IEntryVisitor
{
    void Visit(int database, in EntryRef entry);
}
