using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Transactions;

/// <summary>Which clients watch which keys. Thread-safe; keys are added under the lock of their shard, so that no change is missed.</summary>
internal sealed class WatchTable
{
    private readonly Lock gate = new();
    private readonly Dictionary<byte[], List<(ClientTransaction Client, WatchedKey Key)>>[] databases;

    public WatchTable()
    {
        databases = new Dictionary<byte[], List<(ClientTransaction Client, WatchedKey Key)>>[IBlobStore.Databases];
        for (int i = 0; i < databases.Length; i++) databases[i] = new(ByteKeys.Comparer);
    }

    /// <summary>Pairs of client and key.</summary>
    public int Count { get; private set; }

    public void Add(ClientTransaction client, WatchedKey key)
    {
        lock (gate)
        {
            if (!databases[key.Database].TryGetValue(key.Key, out List<(ClientTransaction Client, WatchedKey Key)>? watching))
                databases[key.Database][key.Key] = watching = [];
            watching.Add((client, key));
            Count++;
        }
    }

    /// <summary>Takes a client out, with all its keys.</summary>
    public void Remove(ClientTransaction client)
    {
        lock (gate)
        {
            foreach (WatchedKey key in client.Watched)
            {
                if (!databases[key.Database].TryGetValue(key.Key, out List<(ClientTransaction Client, WatchedKey Key)>? watching)) continue;
                Count -= watching.RemoveAll(one => one.Client == client);
                if (watching.Count == 0) databases[key.Database].Remove(key.Key);
            }
        }
    }

    public void Touch(in BlobKey key)
    {
        lock (gate)
        {
            if (!databases[key.Database].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key.Bytes, out List<(ClientTransaction Client, WatchedKey Key)>? watching)) return;
            foreach ((ClientTransaction client, _) in watching) client.Touch();
        }
    }

    /// <summary>Touches the keys of a database (-1: of all) that are there; a key that is not stays as it is.</summary>
    public void TouchAll(int database)
    {
        lock (gate)
        {
            for (int each = 0; each < databases.Length; each++)
            {
                if (database >= 0 && each != database) continue;
                foreach ((ClientTransaction client, WatchedKey key) in databases[each].Values.SelectMany(watching => watching))
                {
                    if (key.Existed) client.Touch();
                }
            }
        }
    }

    /// <summary>Touches the keys of two databases that are there in either.</summary>
    public void TouchSwapped(int first, int second, Func<int, WatchedKey, bool> exists)
    {
        lock (gate)
        {
            foreach (int each in (ReadOnlySpan<int>)[first, second])
            {
                int other = each == first ? second : first;
                foreach ((ClientTransaction client, WatchedKey key) in databases[each].Values.SelectMany(watching => watching))
                {
                    if (key.Existed || exists(other, key)) client.Touch();
                }
            }
        }
    }
}
