using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.PubSub;

/// <summary>What one client is subscribed to. Written by its own connection, its counts are read by any.</summary>
internal sealed class ClientSubscriptions
{
    private readonly HashSet<byte[]>[] names = [new(ByteKeys.Comparer), new(ByteKeys.Comparer), new(ByteKeys.Comparer)];

    public int Total => names[0].Count + names[1].Count + names[2].Count;

    /// <summary>Bytes that the names take.</summary>
    public long Bytes { get; private set; }

    public HashSet<byte[]> Of(SubscriptionKind kind) => names[(int)kind];

    /// <summary>What it is subscribed to, as it was a moment ago, for other threads.</summary>
    public byte[][] Names(SubscriptionKind kind)
    {
        lock (names) return [.. names[(int)kind]];
    }

    public bool TryAdd(SubscriptionKind kind, byte[] name)
    {
        lock (names)
        {
            if (!names[(int)kind].Add(name)) return false;
            Bytes += name.Length + ClientMemory.NameBytes;
            return true;
        }
    }

    public bool TryRemove(SubscriptionKind kind, byte[] name)
    {
        lock (names)
        {
            if (!names[(int)kind].Remove(name)) return false;
            Bytes -= name.Length + ClientMemory.NameBytes;
            return true;
        }
    }

    public void Clear(SubscriptionKind kind)
    {
        lock (names)
        {
            names[(int)kind].Clear();
            Bytes = names.Sum(of => of.Sum(name => (long)name.Length + ClientMemory.NameBytes));
        }
    }

    /// <summary>The number that replies tell: channels and patterns together, shard channels alone.</summary>
    public int CountFor(SubscriptionKind kind) =>
        kind == SubscriptionKind.ShardChannel ? names[2].Count : names[0].Count + names[1].Count;
}
