namespace Hal.Cache.ControlPlane.Content;

/// <summary>Bytes of keys in pages; what is freed is only counted, and the owner copies the rest to a new arena when that is most.</summary>
internal sealed class KeyArena
{
    private const int PageShift = 13;
    private const int PageBytes = 1 << PageShift;

    // A first page of this size: a tree with few keys then costs little in each of its records.
    private const int FirstPageBytes = 512;

    private readonly List<byte[]> pages = [];
    private int inPage;
    private long pageBytes;

    public long LiveBytes { get; private set; }

    public long FreedBytes { get; private set; }

    public long MemoryBytes => pageBytes + (pages.Count * 32L);

    /// <summary>True where copying the live bytes to a new arena is worth it.</summary>
    public bool IsMostlyFreed => FreedBytes > 4 * PageBytes && FreedBytes > LiveBytes;

    public int Add(ReadOnlySpan<byte> key)
    {
        if (pages.Count == 0 || inPage + key.Length > pages[^1].Length || inPage >= PageBytes)
        {
            var page = new byte[Math.Max(pages.Count == 0 ? FirstPageBytes : PageBytes, key.Length)];
            pages.Add(page);
            pageBytes += page.Length;
            inPage = 0;
        }

        var at = ((pages.Count - 1) << PageShift) | inPage;
        key.CopyTo(pages[^1].AsSpan(inPage));
        inPage += key.Length;
        LiveBytes += key.Length;
        return at;
    }

    public ReadOnlySpan<byte> Get(int at, int length) => pages[at >> PageShift].AsSpan(at & (PageBytes - 1), length);

    public void Free(int length)
    {
        LiveBytes -= length;
        FreedBytes += length;
    }
}
