using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node;

/// <summary>
/// Has keys asked for together with the one that a command waits for, because commands behind it are going to read them. Nothing is promised to these:
/// each looks its key up when its turn comes, and finds a copy that is good then, or asks again.
/// </summary>
public sealed class AheadFetch(Keyspace keyspace, CommandMemory memory)
{
    /// <summary>Keys that are looked at in one go.</summary>
    public const int KeysMax = 64;

    private readonly List<FetchRequest> requests = [];
    private readonly HashSet<(int Database, ulong Hash)> seen = [];

    /// <summary>Begins anew, while a command is about to wait for a key. False where there is nobody to be asked for many keys at once.</summary>
    public bool TryBegin(in Fault awaited)
    {
        if (!keyspace.KeepsCopies || awaited.Kind != FaultKind.Fetch)
            return false;
        requests.Clear();
        seen.Clear();
        seen.Add((awaited.Database, keyspace.Store.Hash(awaited.Key.Span)));
        memory.BeginAhead();
        return true;
    }

    /// <summary>Looks at a key, without its shard's lock; false where no more are taken.</summary>
    public bool TryAdd(int database, ReadOnlySpan<byte> bytes)
    {
        IBlobStore store = keyspace.Store;
        var key = new BlobKey(database, bytes, store.Hash(bytes));
        if (!seen.Add((database, key.Hash)))
            return true;
        if (seen.Count > KeysMax)
            return false;
        ulong shard = store.ShardOf(key.Hash);
        Fault fault;
        store.Lock(shard);
        try
        {
            // What is known of the key is enough: who reads a collection asks for that himself.
            if (!keyspace.TryFindAhead(key, Need.Meta, memory, out fault))
                return true;
        }
        finally
        {
            store.Unlock(shard);
        }

        if (fault.Kind != FaultKind.Fetch)
            return true;
        memory.MissedAhead(key);
        requests.Add(new(fault.Kind, fault.Need, database, fault.Key.ToArray(), key.Hash));
        return true;
    }

    /// <summary>Has them asked for with the command's own question, which follows.</summary>
    public void Ask()
    {
        if (requests.Count > 0)
            keyspace.Hosts!.FetchAhead([.. requests]);
    }
}
