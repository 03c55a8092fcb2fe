using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Testing.Memory;

namespace Hal.Cache.Storage.Tests.Memory;

/// <summary>Free pages keep their memory for a while, so that the next large value need not wait for the system, and not for ever.</summary>
public sealed unsafe class PagePoolTests
{
    private const int BudgetBytes = 256 << 20;
    private const int Pages = 1024;

    /// <summary>An eighth of the budget.</summary>
    private const int RestingPages = 512;

    private const int Looks = 10;

    [Fact]
    public void Free_pages_keep_their_memory_until_they_were_unused_for_ten_looks()
    {
        using var pool = new PagePool(BudgetBytes, 0);
        for (int look = 0; look < 3 * Looks; look++)
        {
            if (look % (Looks - 1) == 0)
                TakeAndReturn(pool);
            pool.Trim(); // they were in use within the last looks
            Assert.Equal(Pages, pool.WarmPages);
        }

        for (int look = 0; look < Looks; look++)
            pool.Trim();

        Assert.Equal(RestingPages, pool.WarmPages);
    }

    [Fact]
    public void Shared_pages_lie_where_another_process_finds_them_and_those_that_have_no_room_there_elsewhere()
    {
        const int shared = 32; // two blocks; what is in front of the first page leaves room for one of them
        SharedSpace space = SharedSpace.TryMake(shared * PagePool.PageBytes)!;
        using var pool = new PagePool(BudgetBytes, 0, space);
        var pages = new nint[2 * shared];
        for (int index = 0; index < pages.Length; index++)
        {
            pages[index] = (nint)pool.Take();
            new Span<byte>((void*)pages[index], PagePool.PageBytes).Fill((byte)index);
        }

        Assert.Equal(pages.Length, pages.Distinct().Count());
        Assert.All(pages, static page => Assert.Equal(0, page % PagePool.PageBytes));
        int[] found = [.. Enumerable.Range(0, pages.Length).Where(index => pool.OffsetOf(pages[index]) >= 0)];
        Assert.Equal(shared / 2, found.Length);
        foreach (int index in found)
        {
            byte[] seen = SharedFile.Read(space, new MemoryPiece(pool.OffsetOf(pages[index]), PagePool.PageBytes, 0));
            Assert.Equal((PagePool.PageBytes, true), (seen.Length, seen.All(one => one == index)));
        }

        Assert.Equal(space.Identity.ToArray(), SharedFile.Read(space, new MemoryPiece(0, space.Identity.Length, 0)));
    }

    [Fact]
    public void Shared_pages_that_are_given_back_take_no_memory_any_more()
    {
        using var pool = new PagePool(BudgetBytes, 0, SharedSpace.TryMake(2L * BudgetBytes));
        var pages = new nint[Pages];
        for (int index = 0; index < Pages; index++)
        {
            pages[index] = (nint)pool.Take();
            *(byte*)pages[index] = 1;
        }

        foreach (nint page in pages)
            pool.Return((byte*)page);
        for (int look = 0; look < 2 * Looks; look++)
            pool.Trim();

        Assert.Equal((Pages - RestingPages, RestingPages), (pages.Count(static page => *(byte*)page == 0), pages.Count(static page => *(byte*)page == 1)));
    }

    private static void TakeAndReturn(PagePool pool)
    {
        var pages = new nint[Pages];
        for (int index = 0; index < Pages; index++)
            pages[index] = (nint)pool.Take();

        foreach (nint page in pages)
            pool.Return((byte*)page);
    }
}
