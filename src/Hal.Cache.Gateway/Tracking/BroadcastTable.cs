using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Tracking;

/// <summary>
/// BCAST: clients by prefix, and for each prefix the keys that have changed since its clients were last told, each with who changed it
/// last. Thread-safe.
/// </summary>
internal sealed class BroadcastTable
{
    private readonly Lock gate = new();
    private readonly Dictionary<byte[], Prefix> prefixes = new(ByteKeys.Comparer);
    private volatile bool hasChanges;

    public int PrefixCount => prefixes.Count;

    /// <summary>Whether somebody has to be told.</summary>
    public bool HasChanges => hasChanges;

    /// <summary>The prefixes of all clients.</summary>
    public byte[][] Prefixes
    {
        get
        {
            lock (gate) return [.. prefixes.Keys];
        }
    }

    /// <summary>True where nobody had asked for the prefix.</summary>
    public bool Add(ClientSession client, byte[] prefix)
    {
        lock (gate)
        {
            bool isNew = !prefixes.TryGetValue(prefix, out Prefix? one);
            if (isNew) prefixes[prefix] = one = new Prefix();
            one!.Clients.Add(client);
            return isNew;
        }
    }

    /// <summary>True where nobody asks for the prefix any more.</summary>
    public bool Remove(ClientSession client, byte[] prefix)
    {
        lock (gate)
        {
            return prefixes.TryGetValue(prefix, out Prefix? one) && one.Clients.Remove(client) && one.Clients.Count == 0 && prefixes.Remove(prefix);
        }
    }

    public void Note(ReadOnlySpan<byte> key, long writer)
    {
        lock (gate)
        {
            byte[]? copy = null;
            foreach ((byte[] prefix, Prefix one) in prefixes)
            {
                if (!key.StartsWith(prefix)) continue;
                one.Changes[copy ??= key.ToArray()] = writer;
                hasChanges = true;
            }
        }
    }

    /// <summary>Hands each client the keys that it is to be told of, in the order of their bytes, and forgets them.</summary>
    public void Take(Action<ClientSession, IReadOnlyList<byte[]>> tell)
    {
        lock (gate)
        {
            foreach (Prefix one in prefixes.Values)
            {
                if (one.Changes.Count == 0) continue;
                byte[][] all = [.. one.Changes.Keys];
                Array.Sort(all, (left, right) => left.AsSpan().SequenceCompareTo(right));
                foreach (ClientSession client in one.Clients)
                {
                    byte[][] told = client.Tracking.NoLoop ? Array.FindAll(all, key => one.Changes[key] != client.Id) : all;
                    if (told.Length > 0) tell(client, told);
                }

                one.Changes.Clear();
            }

            hasChanges = false; // not before: whoever finds nothing to tell lets its writer's reply go
        }
    }

    private sealed class Prefix
    {
        public HashSet<ClientSession> Clients { get; } = [];

        public Dictionary<byte[], long> Changes { get; } = new(ByteKeys.Comparer);
    }
}
