namespace Hal.Cache.Node.Streams;

/// <summary>Values by names of bytes, in the names' order, found by binary search. Not thread-safe.</summary>
public sealed class NameMap<T>
    where T : class
{
    private readonly List<(byte[] Name, T Value)> items = [];

    internal NameMap()
    {
    }

    public int Count => items.Count;

    /// <summary>The values in the order of their names.</summary>
    public IEnumerable<T> Values => items.Select(item => item.Value);

    public T? Find(ReadOnlySpan<byte> name)
    {
        int at = IndexOf(name);
        return at >= 0 ? items[at].Value : null;
    }

    /// <summary>Adds a name that is not there.</summary>
    internal void Add(byte[] name, T value) => items.Insert(~IndexOf(name), (name, value));

    internal void Remove(ReadOnlySpan<byte> name)
    {
        int at = IndexOf(name);
        if (at >= 0) items.RemoveAt(at);
    }

    private int IndexOf(ReadOnlySpan<byte> name)
    {
        int low = 0, high = items.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = items[middle].Name.AsSpan().SequenceCompareTo(name);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return ~low;
    }
}
