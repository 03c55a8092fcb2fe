using System.Diagnostics.CodeAnalysis;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Blocking;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Node;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Collections;

/// <summary>
/// Removes the fields of hashes whose time has come, as logged changes. Reading never waits for it: a field is not seen from its time on. It knows of
/// the hashes that were looked at since the start; where these are copies, their authority removes.
/// </summary>
internal sealed class FieldExpiry(Keyspace keyspace, KeyspaceNotifications notifications)
{
    /// <summary>How often is looked for fields whose time has come.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Hashes that are known; fields of others go when their hash is used.</summary>
    public const int HashesMax = 1_000_000;

    /// <summary>Fields that are removed under one lock.</summary>
    public const int FieldsPerLock = 256;

    private const long RetryMilliseconds = 1000;
    private const int StaleMin = 4096;
    private readonly Lock gate = new();
    private readonly PriorityQueue<BlockedKey, long> due = new();
    private readonly Dictionary<BlockedKey, long> planned = [];
    private readonly ChangeLog changes = new();
    private ITimer? timer;
    private Task running = Task.CompletedTask;
    private Action? cancel;
    private bool isStopped;
    private long removed;

    /// <summary>Number of fields removed.</summary>
    public long Removed => Volatile.Read(ref removed);

    /// <summary>Has the fields of a hash removed in time; needs the key's lock.</summary>
    public void Watch(in BlobKey key, HashValue hash)
    {
        if (hash.NextExpiry >= hash.PlannedExpiry || keyspace.KeepsCopies) return;
        hash.PlannedExpiry = hash.NextExpiry;
        Plan(new BlockedKey(key.Database, key.Bytes.ToArray(), key.Hash), hash.NextExpiry);
    }

    /// <summary>The same for a structure that has another key now.</summary>
    public void WatchMoved(in BlobKey key, IObjectValue value)
    {
        if (value is not HashValue { HasTimes: true } hash) return;
        hash.PlannedExpiry = long.MaxValue;
        Watch(key, hash);
    }

    /// <summary>Follows an exchange of two databases; needs all locks.</summary>
    public void Swap(int first, int second)
    {
        lock (gate)
        {
            KeyValuePair<BlockedKey, long>[] all = [.. planned];
            planned.Clear();
            due.Clear();
            foreach ((BlockedKey key, long at) in all)
            {
                int database = key.Database == first ? second : key.Database == second ? first : key.Database;
                var swapped = new BlockedKey(database, key.Bytes, key.Hash);
                planned[swapped] = at;
                due.Enqueue(swapped, at);
            }
        }
    }

    /// <summary>Ends it: when this completes, the store is not used any more.</summary>
    public async ValueTask StopAsync()
    {
        Task last;
        lock (gate)
        {
            isStopped = true;
            timer?.Dispose();
            cancel?.Invoke();
            last = running;
        }

        await last.ConfigureAwait(false);
    }

    private void Plan(in BlockedKey key, long at)
    {
        lock (gate)
        {
            bool isKnown = planned.TryGetValue(key, out long before);
            if ((isKnown && before <= at) || (!isKnown && planned.Count >= HashesMax)) return;
            planned[key] = at;
            due.Enqueue(key, at);
            if (due.Count > StaleMin + (2 * planned.Count)) DropStale();
            if (!isStopped) timer ??= keyspace.Time.CreateTimer(static state => ((FieldExpiry)state!).Start(), this, Interval, Interval);
        }
    }

    private void DropStale()
    {
        due.Clear();
        foreach ((BlockedKey key, long at) in planned) due.Enqueue(key, at);
    }

    private void Start()
    {
        lock (gate)
        {
            if (!running.IsCompleted || isStopped || !due.TryPeek(out _, out long at) || at > Now) return;
            running = Task.Run(RunAsync);
        }
    }

    private long Now => keyspace.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task RunAsync()
    {
        using var stopping = new CancellationTokenSource();
        lock (gate)
        {
            if (isStopped) return;
            cancel = stopping.Cancel;
        }

        try
        {
            while (!stopping.IsCancellationRequested && TryTake(out BlockedKey? key)) await RemoveAsync(key.Value, stopping.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The end: what is left is found by its time after the next start.
        }
        finally
        {
            lock (gate) cancel = null;
        }
    }

    private bool TryTake([NotNullWhen(true)] out BlockedKey? taken)
    {
        lock (gate)
        {
            while (due.TryPeek(out BlockedKey key, out long at) && at <= Now)
            {
                due.Dequeue();
                if (!planned.TryGetValue(key, out long wanted) || wanted != at) continue; // an earlier time was planned since
                planned.Remove(key);
                taken = key;
                return true;
            }
        }

        taken = null;
        return false;
    }

    private async ValueTask RemoveAsync(BlockedKey key, CancellationToken cancellation)
    {
        while (true)
        {
            bool isDone;
            FaultKind fault;
            ulong shard = keyspace.Store.ShardOf(key.Hash);
            keyspace.Store.Lock(shard);
            try
            {
                isDone = TryRemove(key, out fault);
            }
            finally
            {
                keyspace.Store.Unlock(shard);
            }

            if (isDone) return;
            CacheError? error = fault switch
            {
                FaultKind.Load => await keyspace.Store.LoadAsync(key.Database, key.Bytes, cancellation).ConfigureAwait(false),
                FaultKind.Room => await keyspace.Store.MakeRoomAsync(0, cancellation).ConfigureAwait(false),
                _ => null, // the next fields, after others had the lock
            };
            if (error is null) continue;
            Plan(key, Now + RetryMilliseconds);
            return;
        }
    }

    /// <summary>True where nothing is left to do now; false with what to wait for first. Needs the key's lock.</summary>
    private bool TryRemove(in BlockedKey key, out FaultKind fault)
    {
        fault = FaultKind.None;
        var place = new BlobKey(key.Database, key.Bytes, key.Hash);
        WriteScope scope = default;
        EntryRef entry = keyspace.Store.Find(place, ref scope);
        if (entry.IsNone || entry.Type != BlobType.Hash || !entry.IsObject) return true;
        if (entry.IsOnDisk)
        {
            fault = FaultKind.Load;
            return false;
        }

        if (keyspace.Store.Object(entry) is not HashValue { HasTimes: true } hash) return true;
        long now = keyspace.Store.TimeOf(keyspace.Store.ShardOf(key.Hash));
        hash.LookAt(now);
        hash.PlannedExpiry = long.MaxValue;
        bool isOver = hash.IsEmpty;
        if (hash.NextExpiry > now)
        {
            if (hash.NextExpiry > Now) Watch(place, hash);
            else Plan(key, Now + RetryMilliseconds); // time stands in a transaction that waits
            return true;
        }

        fault = FaultKind.Room;
        if (isOver)
        {
            int last = hash.ExpiredCount;
            if (keyspace.Store.Remove(place, RemovalReason.Deleted, ref scope, out _) != StoreStatus.Done) return false;
            Tell("hexpired", place, last);
            notifications.Tell("del", key.Bytes, key.Database, 0);
            return true;
        }

        if (keyspace.Store.Reserve(place, 0) != StoreStatus.Done) return false;
        changes.Clear();
        int count = hash.RemoveExpired(FieldsPerLock, changes);
        keyspace.Store.Change(place, changes.Written, ref scope);
        Tell("hexpired", place, count);
        fault = FaultKind.None;
        if (hash.ExpiredCount > 0) return false;
        Watch(place, hash);
        return true;
    }

    private void Tell(string name, in BlobKey key, int fields)
    {
        Volatile.Write(ref removed, removed + fields);
        if (notifications.IsOn) notifications.Tell(name, key.Bytes, key.Database, 0);
    }
}
