using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Storage.Eviction;

namespace Hal.Cache.Storage.Tests;

/// <summary>Memory of a large value's chunk that a sender has stays as it is until it is returned, whatever becomes of the value.</summary>
public sealed class LendingTests : IDisposable
{
    private const int Chunk = IBlobStore.ChunkBytes;
    private const int ShortBytes = 20_000;

    private readonly string directory = Directory.CreateTempSubdirectory("hal-lend-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_part_up_to_the_chunks_end_is_lent_and_nothing_that_is_not_there()
    {
        await using IBlobStore store = Open();
        byte[] bytes = Bytes(Chunk + 100);
        await store.SetAsync("k", bytes);
        ILargeValue value = store.Retain("k");
        ILargeValue empty = store.Stage(Chunk);

        LentBytes part = value.TryLend(10, 2 * Chunk), few = value.TryLend(10, 7), last = value.TryLend(Chunk, Chunk);

        Assert.Equal(bytes[10..Chunk], part.Span.ToArray());
        Assert.Equal(bytes[10..17], few.Span.ToArray());
        Assert.Equal(bytes[Chunk..], last.Span.ToArray());
        Assert.Equal(0, value.TryLend(bytes.Length, 1).Count);
        Assert.Equal(0, empty.TryLend(0, 1).Count);
        foreach (LentBytes lent in (LentBytes[])[part, few, last])
            lent.Return();
        value.Release();
        empty.Release();
    }

    [Fact]
    public async Task A_deleted_values_memory_goes_back_with_the_last_sender()
    {
        await using IBlobStore store = Open();
        long before = store.Statistics.MemoryBytes;
        byte[] bytes = Bytes(Chunk);
        await store.SetAsync("k", bytes);
        ILargeValue value = store.Retain("k");
        LentBytes one = value.TryLend(0, Chunk), other = value.TryLend(0, Chunk);

        value.Release();
        store.Delete("k");
        await store.SetAsync("other", Bytes(8 * Chunk, seed: 8)); // would take its place
        store.Delete("other");

        Assert.Equal(bytes, one.Span.ToArray());
        one.Return();
        Assert.Equal(bytes, other.Span.ToArray());
        Assert.InRange(store.Statistics.MemoryBytes, before + Chunk, long.MaxValue);
        other.Return();
        Assert.InRange(store.Statistics.MemoryBytes, 0, before + Chunk - 1);
    }

    [Fact]
    public async Task What_is_lent_is_not_what_memory_gives_up()
    {
        await using IBlobStore store = Open();
        byte[] bytes = Bytes(Chunk);
        await store.SetAsync("k", bytes);
        ILargeValue value = store.Retain("k");
        LentBytes lent = value.TryLend(0, Chunk);

        int count = 2 * (int)(BlobStoreOptions.MemoryBytesMin / Chunk);
        for (int index = 0; index < count; index++)
            await store.SetAsync($"k{index}", new byte[Chunk]);
        Assert.True(store.Statistics.Spilled > 0, "Memory was never full.");
        bool wasThere = value.TryRead(0, new byte[Chunk]) > 0;
        byte[] after = lent.Span.ToArray();
        lent.Return();
        for (int index = 0; index < 2 * count; index++)
            await store.SetAsync($"k{index}", new byte[Chunk]);

        Assert.Equal(bytes, after);
        Assert.True(wasThere);
        Assert.Equal(0, value.TryRead(0, new byte[Chunk])); // as any other that nobody has read lately
        value.Release();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_origins_object_that_is_dropped_under_pressure_stays_with_its_sender(bool onDisk)
    {
        await using IBlobStore store = Open(onDisk);
        byte[] bytes = Bytes(Chunk + ShortBytes);
        ILargeValue value = store.Stage(bytes.Length);
        (value.Origin, value.IsSpilled) = (new OriginStamp(1, 1), false);
        Assert.Null(await value.WriteChunkAsync(0, bytes.AsMemory(0, Chunk), default));
        Assert.Null(await value.WriteChunkAsync(1, bytes.AsMemory(Chunk), default));
        store.PutLarge("k", value, EntryFlags.Clean);
        LentBytes whole = value.TryLend(0, Chunk), part = value.TryLend(Chunk, Chunk);

        for (int index = 0; index < 2 * (int)(BlobStoreOptions.MemoryBytesMin / Chunk); index++)
        {
            // Short ones fill pages in part, and leave gaps into which others are moved.
            await store.SetAsync($"k{index}", Bytes(index % 2 == 0 ? Chunk : ShortBytes, index));
            if (index % 4 == 1)
                store.Delete($"k{index}");
        }

        Assert.Equal(bytes[..Chunk], whole.Span.ToArray());
        Assert.Equal(bytes[Chunk..], part.Span.ToArray());
        whole.Return();
        part.Return();
        value.Release();
    }

    private static byte[] Bytes(int count, int seed = 7)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private IBlobStore Open(bool onDisk = true)
    {
        var options = new BlobStoreOptions
        {
            Directory = onDisk ? directory : null, MemoryBytes = BlobStoreOptions.MemoryBytesMin, DiskBytes = BlobStoreOptions.DiskBytesMin, Durability = StoreDurability.None,
        };
        return BlobStores.Open(options, EvictionPolicies.Create("lru", 1), TimeProvider.System).Value;
    }
}
