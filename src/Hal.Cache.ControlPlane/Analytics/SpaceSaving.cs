using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Analytics;

/// <summary>The most frequent keys of a stream in bounded memory. Not thread-safe.</summary>
/// <remarks>
/// Space-Saving (Metwally, Agrawal, El Abbadi, ICDT 2005) with weights: a key that is not counted takes the place, and the count, of the
/// least counted one. A count is never too low and at most total / capacity too high. A heap by count finds the least.
/// </remarks>
internal sealed class SpaceSaving(int capacity)
{
    private readonly Dictionary<CacheKey, int> places = [];
    private readonly List<Counter> heap = [];

    public int Count => heap.Count;

    public void Add(CacheKey key, long weight = 1)
    {
        if (weight <= 0) return;
        if (places.TryGetValue(key, out var place))
        {
            heap[place] = heap[place] with { Reads = heap[place].Reads + weight };
            Sink(place);
            return;
        }

        var owned = new CacheKey(key.Bytes.ToArray(), key.Database);
        if (heap.Count < capacity)
        {
            heap.Add(new Counter(owned, weight, 0));
            places.Add(owned, heap.Count - 1);
            Rise(heap.Count - 1);
            return;
        }
        var least = heap[0];
        places.Remove(least.Key);
        heap[0] = new Counter(owned, least.Reads + weight, least.Reads);
        places.Add(owned, 0);
        Sink(0);
    }

    /// <summary>The most frequent, first first; equal ones in the order of their text.</summary>
    public IReadOnlyList<PopularKey> Top(int limit) =>
        [.. heap.OrderByDescending(c => c.Reads).ThenBy(c => c.Key.ToString(), StringComparer.Ordinal).Take(limit).Select(c => new PopularKey(c.Key, c.Reads, c.Overcount))];

    /// <summary>Halves every count, so that what was popular long ago gives way; what falls to 0 is forgotten.</summary>
    public void Halve()
    {
        var kept = heap.Where(c => c.Reads > 1).Select(c => new Counter(c.Key, c.Reads / 2, c.Overcount / 2)).OrderBy(c => c.Reads).ToArray();
        heap.Clear();
        places.Clear();
        heap.AddRange(kept); // sorted, hence a heap
        for (var i = 0; i < kept.Length; i++) places.Add(kept[i].Key, i);
    }

    private void Rise(int place)
    {
        for (var parent = (place - 1) / 2; place > 0 && heap[place].Reads < heap[parent].Reads; parent = (place - 1) / 2)
        {
            Swap(place, parent);
            place = parent;
        }
    }

    private void Sink(int place)
    {
        while (true)
        {
            var least = place;
            for (var child = (2 * place) + 1; child <= (2 * place) + 2 && child < heap.Count; child++)
            {
                if (heap[child].Reads < heap[least].Reads) least = child;
            }
            if (least == place) return;
            Swap(place, least);
            place = least;
        }
    }

    private void Swap(int a, int b)
    {
        (heap[a], heap[b]) = (heap[b], heap[a]);
        places[heap[a].Key] = a;
        places[heap[b].Key] = b;
    }

    private readonly record struct Counter(CacheKey Key, long Reads, long Overcount);
}
