using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Storage.Eviction;

namespace Hal.Cache.Storage.Tests;

/// <summary>What a guard keeps stays while everything else makes room, in memory and on disk.</summary>
public sealed class EvictionGuardTests : IDisposable
{
    private const int ValueBytes = 100_000;

    private readonly string directory = Directory.CreateTempSubdirectory("hal-guard-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData("lru", false, false)]
    [InlineData("lru", true, false)]
    [InlineData("s3fifo", false, true)]
    [InlineData("noeviction", true, true)]
    public async Task What_is_guarded_stays_in_a_store_that_is_filled_twice_over(string policy, bool onDisk, bool clean)
    {
        var options = new BlobStoreOptions
        {
            Directory = onDisk ? directory : null, MemoryBytes = BlobStoreOptions.MemoryBytesMin, DiskBytes = BlobStoreOptions.DiskBytesMin, Durability = StoreDurability.None,
        };
        await using IBlobStore store = BlobStores.Open(options, EvictionPolicies.Create(policy, 1), TimeProvider.System).Value;
        long room = onDisk ? BlobStoreOptions.DiskBytesMin : BlobStoreOptions.MemoryBytesMin;
        int guarded = (int)(room / 4 / ValueBytes), others = (int)(2 * room / ValueBytes);
        store.SetGuard(new Guard("guarded"u8.ToArray()));

        for (int index = 0; index < guarded; index++) await PutAsync(store, $"guarded{index}", clean);
        for (int index = 0; index < others; index++) await PutAsync(store, $"other{index}", clean);

        Assert.True(Enumerable.Range(0, others).Any(index => !Has(store, $"other{index}")), "The store was never full.");
        for (int index = 0; index < guarded; index++) Assert.True(Has(store, $"guarded{index}"), $"guarded{index} of {guarded} is gone");

        if (onDisk) return; // filling it once more would only take its time
        store.SetGuard(null);
        for (int index = 0; index < others; index++) await PutAsync(store, $"last{index}", clean);
        Assert.Contains(Enumerable.Range(0, guarded), index => !Has(store, $"guarded{index}"));
    }

    private static async Task PutAsync(IBlobStore store, string key, bool clean)
    {
        if (!clean)
        {
            await store.SetAsync(key, new byte[ValueBytes]);
            return;
        }

        ILargeValue value = store.Stage(ValueBytes);
        value.Origin = new OriginStamp(1, 1);
        for (int index = 0; index < value.ChunkCount; index++)
            Assert.Null(await value.WriteChunkAsync(index, new byte[Math.Min(IBlobStore.ChunkBytes, ValueBytes - (index * IBlobStore.ChunkBytes))], default));
        store.PutLarge(key, value, EntryFlags.Clean);
        value.Release();
    }

    private static bool Has(IBlobStore store, string key)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
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

    private sealed class Guard(byte[] start) : IEvictionGuard
    {
        public bool Keeps(in BlobKey key) => key.Bytes.StartsWith(start);
    }
}
