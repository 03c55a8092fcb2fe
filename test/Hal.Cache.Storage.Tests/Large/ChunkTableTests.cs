using Hal.Cache.Storage.Large;

namespace Hal.Cache.Storage.Tests.Large;

public sealed class ChunkTableTests
{
    private const int Count = (3 * ChunkTable.BlockChunks) + 7;

    [Fact]
    public void A_chunk_is_found_where_it_was_put_and_nowhere_else()
    {
        var table = new ChunkTable(Count);
        int[] places = [0, ChunkTable.BlockChunks - 1, ChunkTable.BlockChunks, Count - 1];
        foreach (int place in places)
            table[place] = New(place);

        for (int index = 0; index < Count; index++)
        {
            Assert.Equal(places.Contains(index) ? index : null, table[index]?.Id);
            if (table[index] is { } chunk)
                Assert.Equal(index, table.IndexOf(chunk));
        }

        Assert.Equal(Count, table.Count);
        Assert.Equal(-1, table.IndexOf(New(0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => table[Count] = New(Count));
    }

    [Fact]
    public void All_that_is_there_is_handed_out_once_when_the_table_is_cleared()
    {
        var table = new ChunkTable(Count);
        table[5] = New(5);
        table[6] = New(6);
        table[6] = null;
        table[Count - 1] = New(Count - 1);
        var taken = new List<long>();

        table.Clear(chunk => taken.Add(chunk.Id));
        table.Clear(chunk => taken.Add(chunk.Id));

        Assert.Equal([5, Count - 1], taken);
        Assert.Null(table[5]);
    }

    [Fact]
    public void A_long_value_of_which_nothing_is_here_takes_little()
    {
        const int chunks = 1 << 20;
        long before = GC.GetAllocatedBytesForCurrentThread();
        var table = new ChunkTable(chunks);
        table[chunks / 2] = New(1);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, chunks / ChunkTable.BlockChunks * 16);
    }

    private static Chunk New(long id) => new(null!, id, 1); // its memory, and so its store, is not looked at
}
