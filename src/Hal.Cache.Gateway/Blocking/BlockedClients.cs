using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Transactions;

namespace Hal.Cache.Gateway.Blocking;

/// <summary>
/// The clients that wait for keys, in the order in which they came. Where a command makes a key ready, its own thread serves them before its reply goes out: so
/// a client that pushes and then looks never sees an element that somebody waits for.
/// </summary>
internal sealed class BlockedClients(ShardFence fence)
{
    private readonly Lock gate = new();
    private readonly Dictionary<BlockedKey, List<BlockedClient>> lines = [];
    private readonly ConcurrentDictionary<long, BlockedClient> byClient = new();
    private int count;
    private int waiting;

    /// <summary>Number of clients that wait, or are about to.</summary>
    public int Count => Volatile.Read(ref count);

    /// <summary>Number of clients that wait, whom whoever makes a key ready serves before its own reply.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>Number of keys that are waited for, and of those where also the key's end is.</summary>
    public (int Keys, int ForGone) KeyCounts
    {
        get
        {
            lock (gate) return (lines.Count, lines.Values.Count(line => line.Exists(client => client.IsForGone)));
        }
    }

    /// <summary>Adds a client to the lines of its keys; needs their locks.</summary>
    public void Add(BlockedClient client)
    {
        Rejoin(client);
        byClient[client.ClientId] = client;
        Interlocked.Increment(ref count);
    }

    /// <summary>Adds a client that left its lines at their ends again; needs the locks of its keys.</summary>
    public void Rejoin(BlockedClient client)
    {
        lock (gate)
        {
            foreach (BlockedKey key in client.Keys)
            {
                ref List<BlockedClient>? line = ref CollectionsMarshal.GetValueRefOrAddDefault(lines, key, out _);
                (line ??= []).Add(client);
            }
        }
    }

    /// <summary>Counts a client, which was added, among those that wait.</summary>
    public void NoteWaiting() => Interlocked.Increment(ref waiting);

    /// <summary>Ends the wait of a client that was counted among those that wait.</summary>
    public void Remove(BlockedClient client)
    {
        Leave(client);
        byClient.TryRemove(KeyValuePair.Create(client.ClientId, client));
        Interlocked.Decrement(ref waiting);
        Interlocked.Decrement(ref count);
    }

    /// <summary>CLIENT UNBLOCK: false where the client does not wait.</summary>
    public bool TryUnblock(long clientId, bool withError) =>
        byClient.TryGetValue(clientId, out BlockedClient? client) && client.TryWake(withError ? WakeReason.Unblocked : WakeReason.TimedOut);

    /// <summary>Whether somebody waits for the key; needs its lock.</summary>
    public bool IsAwaited(in BlockedKey key)
    {
        lock (gate) return lines.ContainsKey(key);
    }

    /// <summary>The keys of a database that somebody waits for.</summary>
    public BlockedKey[] KeysIn(int database)
    {
        lock (gate) return [.. lines.Keys.Where(key => key.Database == database)];
    }

    /// <summary>Runs the commands of clients that wait for the keys that a context's command made ready, first come, first served. Without locks.</summary>
    public void Serve(CommandContext context)
    {
        var keys = new Queue<BlockedKey>();
        TakeReady(context, keys);
        Serve(context.Store, keys);
    }

    /// <summary>Does so for the keys, and for those that become ready by it. Without locks.</summary>
    public void Serve(IBlobStore store, Queue<BlockedKey> keys)
    {
        while (keys.TryDequeue(out BlockedKey key)) Serve(store, key, keys);
    }

    /// <summary>Moves the keys that a context's command made ready to a queue.</summary>
    internal static void TakeReady(CommandContext context, Queue<BlockedKey> keys)
    {
        if (context.Ready is not { Count: > 0 } ready) return;
        foreach (BlockedKey key in ready) keys.Enqueue(key);
        ready.Clear();
    }

    private void Serve(IBlobStore store, in BlockedKey key, Queue<BlockedKey> keys)
    {
        // Each client is asked once, so that one which waits on goes on at its place.
        BlockedClient[] line;
        lock (gate) line = lines.TryGetValue(key, out List<BlockedClient>? found) ? [.. found] : [];
        foreach (BlockedClient client in line)
        {
            store.Lock(client.Shards);
            try
            {
                if (fence.Holds(client.Shards))
                {
                    _ = ServeLaterAsync(store, key, client.Shards);
                    return;
                }

                WriteScope scope = default;
                EntryRef entry = store.Find(new BlobKey(key.Database, key.Bytes, key.Hash), ref scope);
                if (entry.IsNone && !Array.Exists(line, other => other.IsForGone)) return;
                bool isThere = !entry.IsNone && entry.Type == client.Type;
                if ((!isThere && !client.IsForGone) || !client.TryServe(keys)) continue;
            }
            finally
            {
                store.Unlock(client.Shards);
            }

            // It leaves the lines here: its own thread may come to that later than the next push.
            Leave(client);
        }
    }

    /// <summary>A transaction has keys that a client in line waits for: the line is served when that is over.</summary>
    private async Task ServeLaterAsync(IBlobStore store, BlockedKey key, ulong shards)
    {
        await fence.WaitAsync(shards, CancellationToken.None).ConfigureAwait(false);
        Serve(store, new Queue<BlockedKey>([key]));
    }

    private void Leave(BlockedClient client)
    {
        lock (gate)
        {
            foreach (BlockedKey key in client.Keys)
            {
                if (lines.TryGetValue(key, out List<BlockedClient>? line) && line.Remove(client) && line.Count == 0) lines.Remove(key);
            }
        }
    }
}
