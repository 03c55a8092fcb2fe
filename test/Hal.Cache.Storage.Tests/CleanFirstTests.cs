using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Storage.Eviction;

namespace Hal.Cache.Storage.Tests;

/// <summary>An origin's objects leave a full store before anything that a client wrote, wherever they lie.</summary>
public sealed class CleanFirstTests : IDisposable
{
    private const int WrittenBytes = 40_000;
    private const int CleanBytes = 100_000;

    private readonly string directory = Directory.CreateTempSubdirectory("hal-clean-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData("lru", true, true)]
    [InlineData("lru", true, false)]
    [InlineData("lru", false, true)]
    [InlineData("lfu", true, true)]
    [InlineData("lfu", false, true)]
    [InlineData("s3fifo", true, true)]
    [InlineData("s3fifo", false, true)]
    [InlineData("noeviction", true, false)]
    [InlineData("noeviction", false, true)]
    public async Task What_clients_wrote_stays_while_there_is_an_origins_object(string policy, bool onDisk, bool writtenFirst)
    {
        var options = new BlobStoreOptions
        {
            Directory = onDisk ? directory : null, MemoryBytes = BlobStoreOptions.MemoryBytesMin, DiskBytes = BlobStoreOptions.DiskBytesMin,
            Durability = StoreDurability.None,
        };
        await using IBlobStore store = BlobStores.Open(options, EvictionPolicies.Create(policy, 1), TimeProvider.System).Value;
        long room = (onDisk ? BlobStoreOptions.DiskBytesMin : BlobStoreOptions.MemoryBytesMin) / 4;
        int written = (int)(room / WrittenBytes);
        if (writtenFirst) await WriteAsync(store, written);
        int clean = (int)(6 * room / CleanBytes);
        for (int index = 0; index < clean; index++) await PutCleanAsync(store, $"clean{index}");
        if (!writtenFirst) await WriteAsync(store, written);

        Assert.True(Enumerable.Range(0, clean).Any(index => !Has(store, $"clean{index}")), "The store was never full.");
        for (int index = 0; index < written; index++) Assert.True(Has(store, $"k{index}"), $"k{index} of {written} is gone");

        // Not the newest of all: reclaiming goes on after it, to the level at which it rests, and not every policy takes the oldest first.
        Assert.True(!writtenFirst || Enumerable.Range(clean - (clean / 8), clean / 8).Any(index => Has(store, $"clean{index}")), "The newest objects are gone.");
    }

    private static async Task WriteAsync(IBlobStore store, int count)
    {
        for (int index = 0; index < count; index++) await store.SetAsync($"k{index}", new byte[WrittenBytes]);
    }

    private static async Task PutCleanAsync(IBlobStore store, string key)
    {
        ILargeValue value = store.Stage(CleanBytes);
        value.Origin = new OriginStamp(1, 1);
        for (int index = 0; index < value.ChunkCount; index++)
        {
            var chunk = new byte[Math.Min(IBlobStore.ChunkBytes, CleanBytes - (index * IBlobStore.ChunkBytes))];
            Assert.Null(await value.WriteChunkAsync(index, chunk, default));
        }

        store.PutLarge(key, value, EntryFlags.Clean);
        value.Release();
    }

    private static bool Has(IBlobStore store, string key)
    {
        byte[] name = System.Text.Encoding.UTF8.GetBytes(key);
        ulong hash = store.Hash(name);
        WriteScope scope = default;
        store.Lock(store.ShardOf(hash));
        try
        {
            EntryRef entry = store.Find(new BlobKey(0, name, hash), ref scope);
            return !entry.IsNone && store.Large(entry) is var value && value.ChunksPresent == value.ChunkCount;
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
    }
}
