using System.Numerics;

namespace Hal.Cache.Storage.Memory;

/// <summary>
/// Memory for chunks in steps of 4 KiB: a long chunk has a page of its own, shorter ones share pages. Pages are taken from the pool whole
/// and go back when their last part is free, so that the pool's account is what is really used.
/// </summary>
internal sealed unsafe class ChunkMemory(PagePool pool)
{
    /// <summary>Smallest piece, in bytes.</summary>
    public const int PartBytes = 4 << 10;

    private const int PartsPerPage = PagePool.PageBytes / PartBytes;
    private const int ManagedBytes = 128; // a shared page's object with its places in directory and list

    private readonly Lock gate = new();
    private readonly Dictionary<nint, SharedPage> directory = [];

    /// <summary>Shared pages by their longest run of free parts.</summary>
    private readonly List<SharedPage>[] byRun = [.. Enumerable.Range(0, PartsPerPage + 1).Select(_ => new List<SharedPage>())];

    /// <summary>Bytes that a chunk of this length takes.</summary>
    public static int BytesFor(int length) => PartsFor(length) * PartBytes;

    /// <summary>Memory of undefined content, at least so long; false where the pool's budget is used up.</summary>
    public bool TryTake(int length, out byte* memory)
    {
        int parts = PartsFor(length);
        if (parts == PartsPerPage)
            return pool.TryTake(out memory);
        lock (gate)
        {
            if (TryTakeShared(parts, null, out memory))
                return true;
            if (!pool.TryTake(out memory))
                return false;
            var page = new SharedPage((nint)memory);
            pool.AddOverhead(ManagedBytes);
            directory.Add(page.Memory, page);
            Mark(page, 0, parts, isUsed: true);
            return true;
        }
    }

    public void Return(byte* memory, int length)
    {
        int parts = PartsFor(length);
        if (parts == PartsPerPage)
        {
            pool.Return(memory);
            return;
        }

        lock (gate)
        {
            SharedPage page = PageOf(memory);
            Mark(page, PartAt(page, memory), parts, isUsed: false);
            if (page.Used != 0)
                return;
            Unlist(page);
            directory.Remove(page.Memory);
            pool.AddOverhead(-ManagedBytes);
            pool.Return((byte*)page.Memory);
        }
    }

    /// <summary>
    /// A better place for a chunk whose page is at most half used, in another page that is shared already, so that in time its page gets
    /// free; the caller copies the bytes and returns the old place.
    /// </summary>
    public bool TryTakeBetter(byte* memory, int length, out byte* better)
    {
        better = null;
        int parts = PartsFor(length);
        if (parts == PartsPerPage)
            return false;
        lock (gate)
        {
            SharedPage page = PageOf(memory);
            return BitOperations.PopCount(page.Used) <= PartsPerPage / 2 && TryTakeShared(parts, page, out better);
        }
    }

    private static int PartsFor(int length) => Math.Max(1, (length + PartBytes - 1) / PartBytes);

    private static int PartAt(SharedPage page, byte* memory) => (int)((nint)memory - page.Memory) / PartBytes;

    private SharedPage PageOf(byte* memory) => directory[(nint)memory & ~(nint)(PagePool.PageBytes - 1)];

    /// <summary>The shortest run that is long enough; in a page that is used more than <paramref name="than"/>, where that is given.</summary>
    private bool TryTakeShared(int parts, SharedPage? than, out byte* memory)
    {
        memory = null;
        for (int run = parts; run < byRun.Length; run++)
        {
            if (byRun[run].Count == 0)
                continue;
            SharedPage page = byRun[run][^1];
            if (than != null && (page == than || BitOperations.PopCount(page.Used) < BitOperations.PopCount(than.Used)))
                continue;
            int first = page.FirstRun(parts);
            Mark(page, first, parts, isUsed: true);
            memory = (byte*)page.Memory + (first * PartBytes);
            return true;
        }

        return false;
    }

    private void Mark(SharedPage page, int first, int parts, bool isUsed)
    {
        uint mask = ((1u << parts) - 1) << first;
        page.Used = isUsed ? page.Used | mask : page.Used & ~mask;
        int run = page.LongestRun();
        if (run == page.Run)
            return;
        Unlist(page);
        (page.Run, page.Place) = (run, byRun[run].Count);
        byRun[run].Add(page);
    }

    private void Unlist(SharedPage page)
    {
        if (page.Run < 0)
            return;
        List<SharedPage> list = byRun[page.Run];
        SharedPage last = list[^1];
        (list[page.Place], last.Place) = (last, page.Place);
        list.RemoveAt(list.Count - 1);
        page.Run = -1;
    }

    /// <summary>A page with a bit for each part that is used.</summary>
    private sealed class SharedPage(nint memory)
    {
        public readonly nint Memory = memory;
        public uint Used;
        public int Run = -1;
        public int Place;

        public int FirstRun(int parts)
        {
            uint mask = (1u << parts) - 1;
            int first = 0;
            while ((Used & (mask << first)) != 0)
                first++;
            return first;
        }

        public int LongestRun()
        {
            // Each round takes one off every run of free parts: the rounds until none is left are the longest one's length.
            int run = 0;
            for (uint free = ~Used & ((1u << PartsPerPage) - 1); free != 0; free &= free << 1)
                run++;
            return run;
        }
    }
}
