using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Storage.Eviction;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Storage.Tests.Log;

namespace Hal.Cache.Storage.Tests;

/// <summary>Chunks that can be read again elsewhere are written behind their coming, and only they.</summary>
public sealed class CopyWriterTests : IDisposable
{
    private const int ValueBytes = (16 * IBlobStore.ChunkBytes) + 5;

    /// <summary>More than the records of keys and manifests take here.</summary>
    private const int FewBytes = IBlobStore.ChunkBytes;

    private readonly TempDirectory temp = new();
    private readonly ManualTime time = new();
    private readonly byte[] bytes = new byte[ValueBytes];

    public CopyWriterTests() => new Random(11).NextBytes(bytes);

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData(StoreDurability.Interval)]
    [InlineData(StoreDurability.Commit)]
    public async Task A_copy_is_written_when_no_more_come(StoreDurability durability)
    {
        await using IBlobStore store = Open("a", durability);
        await PutCopyAsync(store, "k");
        long atOnce = store.AppendedUntil;
        time.Advance(CopyWriter.LookInterval); // it came since the last look
        long whileComing = store.AppendedUntil;

        time.Advance(CopyWriter.LookInterval);

        Assert.InRange(atOnce, 0, FewBytes);
        Assert.InRange(whileComing, 0, FewBytes);
        Assert.InRange(store.AppendedUntil, ValueBytes, long.MaxValue);
    }

    [Fact]
    public async Task A_copy_is_there_after_a_clean_end_and_may_be_read_again_after_a_crash()
    {
        string crashed;
        await using (IBlobStore store = Open("a", StoreDurability.Interval))
        {
            await PutCopyAsync(store, "k");
            Assert.Null(await store.WaitForCommitAsync(store.AppendedUntil - 1, default)); // its manifest
            crashed = temp.CopyOf(temp.Sub("a"), "b");
        }

        await using IBlobStore after = Open("a", StoreDurability.Interval);
        await using IBlobStore afterCrash = Open(crashed, StoreDurability.Interval);

        Assert.Equal(17, Large(after, "k").ChunksPresent);
        Assert.Equal(bytes, await after.GetAsync("k"));
        Assert.Equal(0, Large(afterCrash, "k").ChunksPresent);
    }

    [Fact]
    public async Task A_save_writes_copies_too()
    {
        await using IBlobStore store = Open("a", StoreDurability.Interval);
        await PutCopyAsync(store, "k");

        Assert.Null(await store.SaveAsync(default));

        await using IBlobStore afterCrash = Open(temp.CopyOf(temp.Sub("a"), "b"), StoreDurability.Interval);
        Assert.Equal(bytes, await afterCrash.GetAsync("k"));
    }

    [Fact]
    public async Task What_a_client_wrote_is_durable_though_it_shares_chunks_with_a_copy()
    {
        await using IBlobStore store = Open("a", StoreDurability.Commit);
        await PutCopyAsync(store, "k");
        ILargeValue own = Large(store, "k").Derive(ValueBytes, static _ => true);
        store.PutLarge("own", own);
        own.Release();
        Assert.Null(await store.WaitForCommitAsync(store.AppendedUntil - 1, default));

        await using IBlobStore afterCrash = Open(temp.CopyOf(temp.Sub("a"), "b"), StoreDurability.Commit);

        Assert.Equal(bytes, await afterCrash.GetAsync("own"));
    }

    [Fact]
    public async Task A_dropped_copy_is_never_written()
    {
        await using IBlobStore store = Open("a", StoreDurability.Interval);
        await PutCopyAsync(store, "k");
        Assert.True(store.Delete("k"));

        time.Advance(CopyWriter.LookInterval);
        time.Advance(CopyWriter.LookInterval);

        Assert.InRange(store.AppendedUntil, 0, FewBytes);
    }

    [Fact]
    public async Task No_more_than_a_quarter_of_the_memory_waits_to_be_written()
    {
        await using IBlobStore store = Open("a", StoreDurability.Interval);
        const int copies = (int)(BlobStoreOptions.MemoryBytesMin / ValueBytes / 2);
        for (int index = 0; index < copies; index++)
            await PutCopyAsync(store, $"k{index}");

        Assert.InRange(store.AppendedUntil, (copies * ValueBytes) - (BlobStoreOptions.MemoryBytesMin / 4), copies * (long)ValueBytes);
        for (int index = 0; index < copies; index++)
            Assert.Equal(bytes, await store.GetAsync($"k{index}"));
    }

    [Fact]
    public async Task Copies_are_written_at_a_later_look_though_one_throws()
    {
        await using LogHost host = LogHost.Open(temp.Sub("a"));
        var log = new ThrowingLog(host.Log);
        using var pool = new PagePool(64 << 20, 0);
        var live = new LiveBytes(log.SegmentBytes, 1 << 30);
        var limits = new StoreLimits { MemoryBytes = 64 << 20, MemorySlackBytes = 1 << 20, LogBytesMax = 1 << 30, LiveBytesMax = 1 << 30 };
        using var room = new RoomGate(pool, log, live, limits, time);
        var chunks = new ChunkStore(pool, log, live, new StoreCounters(), room, appendsAtOnce: true);
        await using var writer = new CopyWriter(chunks, room, log, time);
        Chunk chunk = chunks.TryAdd(1, bytes.AsSpan(0, FewBytes / 2), ChunkBacking.LogInTime)!; // a page of the log takes it
        time.Advance(CopyWriter.LookInterval);

        log.Throws = true;
        time.Advance(CopyWriter.LookInterval);
        (int thrown, long whileThrowing, log.Throws) = (log.Thrown, chunk.Address, false);
        time.Advance(CopyWriter.LookInterval);

        Assert.Equal((1, 0), (thrown, whileThrowing));
        Assert.NotEqual(0, chunk.Address);
    }

    private IBlobStore Open(string name, StoreDurability durability) => BlobStores.Open(
        new() { Directory = temp.Sub(name), MemoryBytes = BlobStoreOptions.MemoryBytesMin, DiskBytes = BlobStoreOptions.DiskBytesMin, Durability = durability },
        EvictionPolicies.Create("lru", 1), time).Value;

    private async Task PutCopyAsync(IBlobStore store, string key)
    {
        ILargeValue value = store.Stage(ValueBytes);
        value.Origin = new OriginStamp(1, 1);
        store.PutLarge(key, value, EntryFlags.Clean);
        for (int index = 0; index < value.ChunkCount; index++)
        {
            int from = index * IBlobStore.ChunkBytes;
            Assert.Null(await value.WriteChunkAsync(index, bytes.AsMemory(from, Math.Min(IBlobStore.ChunkBytes, ValueBytes - from)), default));
        }

        value.Release();
    }

    private static ILargeValue Large(IBlobStore store, string key)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        ulong hash = store.Hash(name);
        WriteScope scope = default;
        store.Lock(store.ShardOf(hash));
        try
        {
            return store.Large(store.Find(new BlobKey(0, name, hash), ref scope));
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
    }
}
