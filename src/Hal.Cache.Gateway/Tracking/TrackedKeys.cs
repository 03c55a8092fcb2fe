using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Tracking;

/// <summary>
/// Which clients have read which keys since these last changed, without regard to databases, as in Redis. Thread-safe: keys are spread
/// over tables by their hash.
/// </summary>
internal sealed class TrackedKeys
{
    private const int Tables = 64;

    private readonly Dictionary<byte[], KeyHolders>[] tables = new Dictionary<byte[], KeyHolders>[Tables];
    private long keys;
    private long items;
    private int hand;

    public TrackedKeys()
    {
        for (int i = 0; i < Tables; i++) tables[i] = new(ByteKeys.Comparer);
    }

    public long KeyCount => Volatile.Read(ref keys);

    /// <summary>Pairs of key and client.</summary>
    public long ItemCount => Volatile.Read(ref items);

    public void Add(ReadOnlySpan<byte> key, long client)
    {
        Dictionary<byte[], KeyHolders> table = TableOf(key);
        lock (table)
        {
            ref KeyHolders holders = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(
                table.GetAlternateLookup<ReadOnlySpan<byte>>(), key, out bool exists);
            if (!exists) Interlocked.Increment(ref keys);
            if (holders.Add(client)) Interlocked.Increment(ref items);
        }
    }

    /// <summary>Takes a key out with its clients; false where nobody has read it.</summary>
    public bool TryTake(ReadOnlySpan<byte> key, out KeyHolders holders)
    {
        Dictionary<byte[], KeyHolders> table = TableOf(key);
        lock (table)
        {
            if (!table.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(key, out _, out holders)) return false;
        }

        Removed(holders);
        return true;
    }

    /// <summary>Takes any key out, so that there is room for others.</summary>
    public bool TryTakeAny(out byte[] key, out KeyHolders holders)
    {
        for (int tries = 0; tries < Tables; tries++)
        {
            Dictionary<byte[], KeyHolders> table = tables[(uint)Interlocked.Increment(ref hand) % Tables];
            lock (table)
            {
                foreach ((byte[] one, KeyHolders its) in table)
                {
                    table.Remove(one);
                    (key, holders) = (one, its);
                    Removed(its);
                    return true;
                }
            }
        }

        (key, holders) = ([], default);
        return false;
    }

    public void Clear()
    {
        foreach (Dictionary<byte[], KeyHolders> table in tables)
        {
            lock (table)
            {
                Interlocked.Add(ref keys, -table.Count);
                foreach (KeyHolders holders in table.Values) Interlocked.Add(ref items, -holders.Count);
                table.Clear();
            }
        }
    }

    private void Removed(in KeyHolders holders)
    {
        Interlocked.Decrement(ref keys);
        Interlocked.Add(ref items, -holders.Count);
    }

    private Dictionary<byte[], KeyHolders> TableOf(ReadOnlySpan<byte> key) => tables[(uint)ByteKeys.Comparer.GetHashCode(key) / 7 % Tables];
}
