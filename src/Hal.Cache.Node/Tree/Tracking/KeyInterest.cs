using System.Runtime.InteropServices;

namespace Hal.Cache.Node.Tree.Tracking;

/// <summary>
/// Which instances have read which keys here for clients that track them, since these last changed. Databases do not count, as in CLIENT
/// TRACKING. Thread-safe: keys are spread over tables by their hash.
/// </summary>
internal sealed class KeyInterest
{
    /// <summary>Keys that are remembered; of one that is given up for another its readers hear as if it had changed.</summary>
    public const int KeysMax = 1_000_000;

    private const int Tables = 64;

    private readonly Dictionary<byte[], ulong[]>[] tables = new Dictionary<byte[], ulong[]>[Tables];
    private int count;

    public KeyInterest()
    {
        for (int i = 0; i < Tables; i++)
            tables[i] = new(KeyBytes.Comparer);
    }

    public bool IsEmpty => Volatile.Read(ref count) == 0;

    /// <summary>Remembers that an instance has read a key; true with one that had to make room for it, and its readers.</summary>
    public bool Add(ReadOnlySpan<byte> key, ulong instance, out byte[] given, out ulong[] readers)
    {
        (given, readers) = ([], []);
        Dictionary<byte[], ulong[]> table = TableOf(key);
        lock (table)
        {
            ref ulong[]? instances = ref CollectionsMarshal.GetValueRefOrAddDefault(table.GetAlternateLookup<ReadOnlySpan<byte>>(), key, out bool exists);
            if (exists)
            {
                if (Array.IndexOf(instances!, instance) < 0)
                    instances = [.. instances!, instance];
                return false;
            }

            instances = [instance];
            if (Interlocked.Increment(ref count) <= KeysMax)
                return false;
            foreach ((byte[] other, ulong[] its) in table)
            {
                if (key.SequenceEqual(other))
                    continue;
                (given, readers) = (other, its);
                break;
            }

            if (readers.Length == 0)
                return false;
            table.Remove(given);
            Interlocked.Decrement(ref count);
            return true;
        }
    }

    /// <summary>Takes a key out with its readers; false where there are none.</summary>
    public bool TryTake(ReadOnlySpan<byte> key, out ulong[] readers)
    {
        readers = [];
        if (IsEmpty)
            return false;
        Dictionary<byte[], ulong[]> table = TableOf(key);
        lock (table)
        {
            if (!table.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(key, out _, out ulong[]? found))
                return false;
            readers = found;
        }

        Interlocked.Decrement(ref count);
        return true;
    }

    public void Clear()
    {
        foreach (Dictionary<byte[], ulong[]> table in tables)
        {
            lock (table)
            {
                Interlocked.Add(ref count, -table.Count);
                table.Clear();
            }
        }
    }

    private Dictionary<byte[], ulong[]> TableOf(ReadOnlySpan<byte> key) => tables[(uint)KeyBytes.Comparer.GetHashCode(key) / 7 % Tables];
}
