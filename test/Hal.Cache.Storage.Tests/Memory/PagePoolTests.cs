using Hal.Cache.Storage.Memory;

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

    private static void TakeAndReturn(PagePool pool)
    {
        var pages = new nint[Pages];
        for (int index = 0; index < Pages; index++)
            pages[index] = (nint)pool.Take();

        foreach (nint page in pages)
            pool.Return((byte*)page);
    }
}
