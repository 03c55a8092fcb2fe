using System.Globalization;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites;
using Hal.Cache.ContractSuites.Storage;

namespace Hal.Cache.Storage.Tests;

/// <summary>The store over restarts, spills, reclaiming and small limits, on real files and real time.</summary>
public sealed class StoreProcessTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("hal-store-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData(StoreDurability.Commit)]
    [InlineData(StoreDurability.Interval)]
    [InlineData(StoreDurability.None)]
    public async Task A_clean_restart_keeps_everything(StoreDurability durability)
    {
        const int seed = 11;
        var random = new Random(seed);
        var model = new Dictionary<string, byte[]>();
        for (int round = 0; round < 4; round++)
        {
            await using IBlobStore store = Open(durability);
            foreach ((string key, byte[] value) in model)
                Assert.True(Same(value, await store.GetAsync(key)), $"{key} after restart {round} (seed {seed})");
            Assert.Equal(model.Count, store.Count(0));
            for (int step = 0; step < 3000; step++)
            {
                string key = $"key:{random.Next(1000)}";
                if (random.Next(4) == 0)
                {
                    Assert.Equal(model.Remove(key), store.Delete(key));
                    continue;
                }

                var value = new byte[random.Next(30) == 0 ? random.Next(200_000) : random.Next(400)];
                random.NextBytes(value);
                await store.SetAsync(key, value);
                model[key] = value;
            }
        }
    }

    [Theory]
    [InlineData(StoreDurability.Commit)]
    [InlineData(StoreDurability.None)]
    public async Task More_than_memory_holds_spills_and_is_read_back(StoreDurability durability)
    {
        await using IBlobStore store = Open(durability);
        for (int index = 0; index < 40_000; index++)
            await store.SetAsync($"k{index}", Value(index, 2000));
        for (int index = 0; index < 200; index++)
            await store.SetAsync($"large{index}", Value(index, 300_000));

        Assert.True(store.Statistics.Spilled > 0);
        Assert.True(store.Statistics.MemoryPeakBytes <= BlobStoreOptions.MemoryBytesMin, $"{store.Statistics.MemoryPeakBytes}");
        for (int index = 0; index < 40_000; index += 7)
            Assert.True(Same(Value(index, 2000), await store.GetAsync($"k{index}")), $"k{index}");
        for (int index = 0; index < 200; index += 3)
            Assert.True(Same(Value(index, 300_000), await store.GetAsync($"large{index}")), $"large{index}");
        Assert.True(store.Statistics.Loaded > 0);
    }

    [Theory]
    [InlineData(StoreDurability.Commit)]
    [InlineData(StoreDurability.None)]
    public async Task Overwriting_for_ever_stays_within_the_disk_limit(StoreDurability durability)
    {
        await using IBlobStore store = Open(durability);
        const int seed = 5;
        var random = new Random(seed);
        var last = new int[600];
        for (int step = 1; step < 12_000; step++)
        {
            int key = random.Next(last.Length);
            await store.SetAsync($"k{key}", Value(step, 100_000));
            last[key] = step;
            Assert.True(store.Statistics.DiskBytes <= BlobStoreOptions.DiskBytesMin, $"{store.Statistics.DiskBytes} at step {step}");
        }

        for (int key = 0; key < last.Length; key++)
        {
            if (last[key] > 0)
                Assert.True(Same(Value(last[key], 100_000), await store.GetAsync($"k{key}")), $"k{key} (seed {seed})");
        }
    }

    [Theory]
    [InlineData(StoreDurability.Commit)]
    [InlineData(StoreDurability.None)]
    public async Task A_full_store_that_may_not_evict_refuses_and_keeps_all_it_took(StoreDurability durability)
    {
        await using IBlobStore store = Open(durability);
        var kept = new List<int>();
        CacheError? error = null;
        for (int index = 0; index < 5000 && error == null; index++)
        {
            error = await store.TrySetAsync($"k{index}", Value(index, 100_000));
            if (error == null)
                kept.Add(index);
        }

        Assert.Equal(CacheErrorCode.NoRoom, error?.Code);
        Assert.InRange(kept.Count, 1200, 2600);
        foreach (int index in kept)
            Assert.True(Same(Value(index, 100_000), await store.GetAsync($"k{index}")), $"k{index}");
        for (int index = 0; index < 300; index++)
            Assert.True(store.Delete($"k{index}"));
        Assert.Null(await store.TrySetAsync("again", Value(1, 100_000)));
    }

    [Theory]
    [InlineData(StoreDurability.Commit)]
    [InlineData(StoreDurability.None)]
    public async Task A_full_store_that_may_evict_takes_every_write(StoreDurability durability)
    {
        await using IBlobStore store = Open(durability, keepsAll: false);
        for (int index = 0; index < 6000; index++)
        {
            await store.SetAsync($"k{index}", Value(index, 100_000));
            Assert.NotNull(await store.GetAsync("k0") ?? await Again(store));
            Assert.True(store.Statistics.DiskBytes <= BlobStoreOptions.DiskBytesMin, $"{store.Statistics.DiskBytes} at {index}");
        }

        Assert.True(Same(Value(5999, 100_000), await store.GetAsync("k5999")));
        Assert.True(store.Statistics.Evicted > 1000);

        static async Task<byte[]> Again(IBlobStore store)
        {
            await store.SetAsync("k0", Value(0, 100_000));
            return [];
        }
    }

    [Fact]
    public async Task A_store_in_memory_evicts_or_refuses()
    {
        var options = new BlobStoreOptions { MemoryBytes = BlobStoreOptions.MemoryBytesMin };
        await using IBlobStore evicting = BlobStores.Open(options, new KeepRecentPolicy(false), TimeProvider.System).Value;
        for (int index = 0; index < 200_000; index++)
            await evicting.SetAsync($"k{index}", Value(index, 1000));
        Assert.NotNull(await evicting.GetAsync("k199999"));
        Assert.True(evicting.Statistics.MemoryPeakBytes <= options.MemoryBytes);

        await using IBlobStore keeping = BlobStores.Open(options, new KeepRecentPolicy(true), TimeProvider.System).Value;
        CacheError? error = null;
        int count = 0;
        for (; count < 200_000 && error == null; count++)
            error = await keeping.TrySetAsync($"k{count}", Value(count, 1000));
        Assert.Equal(CacheErrorCode.NoRoom, error?.Code);
        Assert.InRange(count, 40_000, 64_000);
    }

    [Fact]
    public async Task Deleted_and_flushed_keys_do_not_come_back()
    {
        await using (IBlobStore store = Open(StoreDurability.None))
        {
            await store.SetAsync("old", [1]);
            await store.SetAsync("gone", [1]);
            await store.SetAsync("elsewhere", [1], database: 2);
            Assert.Null(await store.SaveAsync(default));
            await store.SetAsync("old", [2]);
            Assert.True(store.Delete("old"));
            Assert.True(store.Delete("gone"));
            WriteScope scope = default;
            store.Lock(store.AllShards);
            store.Flush(2, ref scope);
            store.Unlock(store.AllShards);
            await store.SetAsync("new", [3], database: 2);
        }

        await using IBlobStore again = Open(StoreDurability.None);
        Assert.Null(await again.GetAsync("old"));
        Assert.Null(await again.GetAsync("gone"));
        Assert.Null(await again.GetAsync("elsewhere", database: 2));
        Assert.Equal([3], await again.GetAsync("new", database: 2));
    }

    [Fact]
    public async Task Many_threads_at_once_lose_nothing()
    {
        await using IBlobStore store = Open(StoreDurability.Interval);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            var mine = new Dictionary<string, byte[]>();
            for (int step = 0; step < 4000; step++)
            {
                string key = $"w{worker}:{random.Next(500)}";
                byte[] value = Value(random.Next(), random.Next(20) == 0 ? random.Next(150_000) : random.Next(3000));
                await store.SetAsync(key, value);
                mine[key] = value;
                string probe = mine.Keys.ElementAt(random.Next(mine.Count));
                Assert.True(Same(mine[probe], await store.GetAsync(probe)), probe);
            }
        })));
    }

    private static bool Same(byte[] expected, byte[]? found) => found != null && expected.AsSpan().SequenceEqual(found);

    private static byte[] Value(int seed, int length)
    {
        var value = new byte[length];
        new Random(seed).NextBytes(value);
        return value;
    }

    private IBlobStore Open(StoreDurability durability, bool keepsAll = true)
    {
        var options = new BlobStoreOptions
        {
            Directory = directory, MemoryBytes = BlobStoreOptions.MemoryBytesMin, DiskBytes = BlobStoreOptions.DiskBytesMin, Durability = durability,
        };
        Result<IBlobStore> store = BlobStores.Open(options, new KeepRecentPolicy(keepsAll), TimeProvider.System);
        Assert.True(store.IsOk, store.Error?.ToString() ?? string.Create(CultureInfo.InvariantCulture, $"{directory}"));
        return store.Value;
    }
}
