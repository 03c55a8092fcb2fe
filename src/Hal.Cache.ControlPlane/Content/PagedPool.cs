namespace Hal.Cache.ControlPlane.Content;

/// <summary>Slots of a struct in pages, so that growing copies nothing and wastes at most a page; index 0 is never given out.</summary>
internal sealed class PagedPool<T>(int bytesEach)
    where T : struct
{
    private const int PageShift = 8;
    private const int PageSize = 1 << PageShift;

    private readonly Stack<int> free = new();
    private T[][] pages = [];
    private int pageCount;
    private int used = 1;

    /// <summary>One above the highest index given out.</summary>
    public int End => used;

    public long MemoryBytes => ((long)pageCount * ((PageSize * bytesEach) + 24)) + (pages.Length * 8L) + (free.Count * 4L);

    public ref T this[int index] => ref pages[index >> PageShift][index & (PageSize - 1)];

    public int Take()
    {
        if (free.TryPop(out var index)) return index;
        if (used >> PageShift >= pageCount)
        {
            if (pageCount == pages.Length) Array.Resize(ref pages, Math.Max(4, pages.Length + (pages.Length / 2)));
            pages[pageCount++] = new T[PageSize];
        }
        return used++;
    }

    public void Return(int index)
    {
        this[index] = default;
        free.Push(index);
    }
}
