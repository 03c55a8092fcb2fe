using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Tests.Memory;

/// <summary>Free pages keep their memory for a while, so that the next large value need not wait for the system, and not for ever.</summary>
public sealed unsafe class PagePoolTests
{
    private const int BudgetBytes = 256 << 20;
    private const int Pages = 1024;

    /// <summary>An eighth of the budget.</summary>
    private const int RestingPages = 512;

    [Fact]
    public void Free_pages_keep_their_memory_until_they_are_unused_from_one_look_to_the_next()
    {
        using var pool = new PagePool(BudgetBytes, 0);
        TakeAndReturn(pool);
        pool.Trim(); // they were in use since the last look
        int atFirst = pool.WarmPages;
        TakeAndReturn(pool);
        pool.Trim();
        int whileUsed = pool.WarmPages;

        pool.Trim();
        pool.Trim();

        Assert.Equal(Pages, atFirst);
        Assert.Equal(Pages, whileUsed);
        Assert.Equal(RestingPages, pool.WarmPages);
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
