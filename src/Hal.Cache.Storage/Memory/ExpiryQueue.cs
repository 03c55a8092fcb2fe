namespace Hal.Cache.Storage.Memory;

/// <summary>
/// When which key hash expires: a binary heap by time. An entry whose expiry has changed leaves its old item in the heap, which is found
/// to be stale when its time comes. Not thread-safe: the shard's lock guards it.
/// </summary>
internal sealed class ExpiryQueue(PagePool pool)
{
    private const int ItemBytes = 16;

    private (long At, ulong Hash)[] heap = [];

    public int Count { get; private set; }

    public long NextAt => Count > 0 ? heap[0].At : long.MaxValue;

    public void Add(long at, ulong hash)
    {
        if (Count == heap.Length)
            Resize(Math.Max(16, heap.Length * 2));
        int child = Count++;
        while (child > 0)
        {
            int parent = (child - 1) / 2;
            if (heap[parent].At <= at)
                break;
            heap[child] = heap[parent];
            child = parent;
        }

        heap[child] = (at, hash);
    }

    /// <summary>Takes the item that is due first, if it is due by <paramref name="now"/>.</summary>
    public bool TryTake(long now, out ulong hash)
    {
        hash = 0;
        if (NextAt > now)
            return false;
        hash = heap[0].Hash;
        (long At, ulong Hash) last = heap[--Count];
        int parent = 0;
        while (true)
        {
            int child = (2 * parent) + 1;
            if (child >= Count)
                break;
            if (child + 1 < Count && heap[child + 1].At < heap[child].At)
                child++;
            if (last.At <= heap[child].At)
                break;
            heap[parent] = heap[child];
            parent = child;
        }

        if (Count > 0)
            heap[parent] = last;
        if (heap.Length > 1024 && Count < heap.Length / 4)
            Resize(heap.Length / 2);
        return true;
    }

    public void Clear()
    {
        Count = 0;
        Resize(0);
    }

    private void Resize(int length)
    {
        pool.AddOverhead((long)(length - heap.Length) * ItemBytes);
        Array.Resize(ref heap, length);
    }
}
