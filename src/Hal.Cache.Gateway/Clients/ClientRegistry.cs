using System.Collections.Concurrent;

namespace Hal.Cache.Gateway.Clients;

/// <summary>The connections of the moment.</summary>
internal sealed class ClientRegistry(int max)
{
    private readonly ConcurrentDictionary<long, ClientSession> clients = new();
    private readonly ConcurrentDictionary<long, ClientSession> cut = new();
    private long nextId;
    private long total;
    private long rejected;

    public int Max { get; set; } = max;

    public int Count => clients.Count;

    public long TotalConnections => Volatile.Read(ref total);

    public long Rejected => Volatile.Read(ref rejected);

    public IEnumerable<ClientSession> All => clients.Values.OrderBy(client => client.Id);

    /// <summary>The same in any order, for who looks often.</summary>
    public IEnumerable<ClientSession> Unordered => clients.Select(pair => pair.Value);

    /// <summary>Whose counters count: also connections that were cut and have not ended yet.</summary>
    public IEnumerable<ClientSession> Counted => clients.Values.Concat(cut.Values).Distinct();

    public long NextId() => Interlocked.Increment(ref nextId);

    public ClientSession? Find(long id) => clients.GetValueOrDefault(id);

    /// <summary>False where there are as many as there may be.</summary>
    public bool TryAdd(ClientSession client)
    {
        Interlocked.Increment(ref total);
        if (clients.Count >= Max)
        {
            Interlocked.Increment(ref rejected);
            return false;
        }

        clients[client.Id] = client;
        return true;
    }

    /// <summary>Cuts a connection: nobody sees it any more, though its end may take a moment.</summary>
    public void Cut(ClientSession client)
    {
        cut[client.Id] = client;
        if (clients.TryRemove(client.Id, out _)) client.Abort();
        else cut.TryRemove(client.Id, out _); // it has ended meanwhile
    }

    public void Remove(ClientSession client)
    {
        clients.TryRemove(client.Id, out _);
        cut.TryRemove(client.Id, out _);
    }
}
