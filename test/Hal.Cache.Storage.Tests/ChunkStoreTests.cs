using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Tests;

public sealed class ChunkStoreTests
{
    private static readonly byte[] Bytes = new byte[IBlobStore.ChunkBytes];

    [Fact]
    public void Of_two_chunks_of_one_id_the_one_that_a_value_has_is_found()
    {
        using var pool = new PagePool(64 << 20, 0);
        var live = new LiveBytes(1 << 20, 1 << 30);
        var limits = new StoreLimits { MemoryBytes = 64 << 20, MemorySlackBytes = 1 << 20, LogBytesMax = 1 << 30, LiveBytesMax = 1 << 30 };
        using var room = new RoomGate(pool, null, live, limits, TimeProvider.System);
        var chunks = new ChunkStore(pool, null, live, new StoreCounters(), room, appendsAtOnce: false);
        Chunk first = chunks.TryAdd(1, Bytes, ChunkBacking.Origin)!, second = chunks.TryAdd(1, Bytes, ChunkBacking.Origin)!;
        long both = live.Total;

        chunks.Attached(first);
        chunks.Drop(second);
        Assert.Same(first, chunks.Find(1));
        Assert.Equal(both / 2, live.Total);

        Chunk third = chunks.TryAdd(1, Bytes, ChunkBacking.Origin)!;
        Assert.Same(first, chunks.Find(1));
        chunks.Drop(first); // the value has let go of it meanwhile, and takes the other
        chunks.Attached(third);
        Assert.Same(third, chunks.Find(1));

        chunks.Drop(third);
        Assert.Null(chunks.Find(1));
        Assert.Equal(0, live.Total);
        chunks.Drop(third);
        Assert.Equal(0, live.Total);
    }
}
