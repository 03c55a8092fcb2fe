using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Tests.Memory;

public sealed unsafe class ChunkMemoryTests
{
    private const int Page = PagePool.PageBytes;
    private const int Seed = 23;

    [Fact]
    public void Short_chunks_share_pages_and_long_ones_have_their_own()
    {
        using var pool = new PagePool(64 << 20, 0);
        var memory = new ChunkMemory(pool);

        nint first = Take(memory, 17 << 10);
        Take(memory, 17 << 10);
        Take(memory, 17 << 10);
        Take(memory, 1);

        Assert.Equal(Page, Pages(pool));
        Assert.Equal(Page, Page * (Take(memory, 61 << 10) != first ? 1 : 0));
        Assert.Equal(2 * Page, Pages(pool));
    }

    [Fact]
    public void Places_never_overlap_and_everything_goes_back_in_the_end()
    {
        using var pool = new PagePool(256 << 20, 0);
        var memory = new ChunkMemory(pool);
        var random = new Random(Seed);
        var held = new List<(nint Memory, int Length)>();
        for (int step = 0; step < 20_000; step++)
        {
            if (held.Count > 400 || (held.Count > 0 && random.Next(3) == 0))
            {
                int at = random.Next(held.Count);
                Check(held[at]);
                memory.Return((byte*)held[at].Memory, held[at].Length);
                (held[at], held[^1]) = (held[^1], held[at]);
                held.RemoveAt(held.Count - 1);
                continue;
            }

            int length = random.Next(1, Page + 1);
            nint place = Take(memory, length);
            Fill((place, length));
            held.Add((place, length));
        }

        long needed = held.Sum(one => (long)ChunkMemory.BytesFor(one.Length));
        Assert.True(Pages(pool) <= needed * 1.5, $"{Pages(pool)} bytes for {needed} (seed {Seed})");
        foreach ((nint place, int length) in held)
        {
            Check((place, length));
            memory.Return((byte*)place, length);
        }

        Assert.Equal(0, pool.UsedBytes);
    }

    [Fact]
    public void Chunks_that_are_left_over_can_be_moved_together()
    {
        using var pool = new PagePool(64 << 20, 0);
        var memory = new ChunkMemory(pool);
        var held = Enumerable.Range(0, 160).Select(_ => Take(memory, 4 << 10)).ToList();
        var left = held.Where((_, index) => index % 8 == 0).ToList();
        foreach (nint place in held.Except(left)) memory.Return((byte*)place, 4 << 10);
        Assert.Equal(10 * Page, Pages(pool));

        for (int step = 0; step < 5 * left.Count; step++) // a clock's hand that goes round a few times
        {
            int index = step % left.Count;
            if (!memory.TryTakeBetter((byte*)left[index], 4 << 10, out byte* better)) continue;
            memory.Return((byte*)left[index], 4 << 10);
            left[index] = (nint)better;
        }

        Assert.InRange(Pages(pool), 2 * Page, 4 * Page);
        Assert.Equal(left.Count, left.Distinct().Count());
    }

    private static nint Take(ChunkMemory memory, int length)
    {
        Assert.True(memory.TryTake(length, out byte* place));
        return (nint)place;
    }

    private static long Pages(PagePool pool) => pool.UsedBytes - pool.OverheadBytes;

    // Every byte tells the place it was written for, so that an overlap shows.
    private static void Fill((nint Memory, int Length) one) => new Span<byte>((void*)one.Memory, one.Length).Fill((byte)(one.Memory >> 12));

    private static void Check((nint Memory, int Length) one) =>
        Assert.Equal(-1, new ReadOnlySpan<byte>((void*)one.Memory, one.Length).IndexOfAnyExcept((byte)(one.Memory >> 12)));
}
