using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Gateway.Tracking;
using Hal.Cache.Gateway.Transactions;

namespace Hal.Cache.Gateway.Server;

/// <summary>
/// Hands every change of a key to tracking, WATCH and keyspace notifications. The store is asked to tell of changes only while one of
/// them wants it, so that a change costs nothing otherwise. Ends of copies are no keyspace events: the authority alone tells of those.
/// </summary>
internal sealed class KeyEvents(IBlobStore store, TrackingTable tracking, KeyspaceNotifications notifications, bool isAuthority = true) : IKeyChangeSink
{
    private readonly Lock gate = new();
    private readonly WatchTable watches = new();
    private volatile bool active;

    /// <summary>Whether the store tells of changes.</summary>
    public bool IsActive => active;

    /// <summary>Asks the store to tell, or not to tell any more, as it is wanted now.</summary>
    public void Refresh()
    {
        lock (gate)
        {
            bool wanted = tracking.IsNeeded || watches.Count > 0 || (isAuthority && notifications.WantsChanges);
            if (wanted == active) return;
            active = wanted;
            if (wanted) store.AddSink(this);
            else store.RemoveSink(this);
        }
    }

    /// <summary>Has a change of the key touch the transaction; needs the lock of the key's shard.</summary>
    public void Watch(ClientTransaction transaction, WatchedKey key, ulong shard)
    {
        if (!transaction.TryWatch(key, shard)) return;
        watches.Add(transaction, key);
        if (!active) Refresh();
    }

    /// <summary>Forgets a client's watched keys.</summary>
    public void Unwatch(ClientSession client)
    {
        if (client.Transaction is not { } transaction) return;
        if (transaction.Watched.Count > 0)
        {
            watches.Remove(transaction);
            Refresh();
        }

        transaction.ForgetWatched();
    }

    public void Changed(in BlobKey key, KeyChange change, long writer)
    {
        if (change == KeyChange.Fetched) return; // no change for clients
        if (tracking.IsNeeded && isAuthority) tracking.Invalidate(key.Bytes, writer);
        else if (tracking.IsNeeded) tracking.InvalidateRemembered(key.Bytes);
        if (watches.Count > 0 && change != KeyChange.GroupsSet) watches.Touch(key); // groups are no part of what is watched, as in Redis
        if (isAuthority && notifications.WantsChanges) notifications.Tell(key, change, writer);
    }

    public void Flushing(int database, long writer)
    {
        if (tracking.IsNeeded) tracking.InvalidateAll(writer);
        if (watches.Count > 0) watches.TouchAll(database);
    }

    public void Swapping(int first, int second, long writer)
    {
        if (watches.Count > 0) watches.TouchSwapped(first, second, Exists);
    }

    private bool Exists(int database, WatchedKey key)
    {
        WriteScope scope = default;
        return !store.Find(new BlobKey(database, key.Key, key.Hash), ref scope).IsNone;
    }
}
