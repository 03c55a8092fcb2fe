using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites;
using Hal.Cache.ContractSuites.Storage;

namespace Hal.Cache.Storage.Tests.Objects;

/// <summary>Objects over restarts, spills, reclaiming and small limits, on real files and real time.</summary>
public sealed class ObjectProcessTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("hal-store-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData(StoreDurability.Commit)]
    [InlineData(StoreDurability.Interval)]
    [InlineData(StoreDurability.None)]
    public async Task Random_commands_and_restarts_agree_with_a_model(StoreDurability durability)
    {
        int seed = Environment.TickCount;
        var model = new ObjectModel(seed);
        for (int round = 0; round < 5; round++)
        {
            await using IBlobStore store = Open(durability);
            await model.CheckAsync(store, $"seed {seed}, after restart {round}");
            await model.RunAsync(store, 3000);
            await model.CheckAsync(store, $"seed {seed}, round {round}");
            Assert.True(model.Count == store.Count(0), $"seed {seed}, round {round}: {store.Count(0)} keys of {model.Count}");
        }
    }

    [Theory]
    [InlineData(StoreDurability.Interval)]
    [InlineData(StoreDurability.None)]
    public async Task Many_clients_at_once_and_restarts_agree_with_their_models_while_memory_and_disk_are_short(StoreDurability durability)
    {
        int seed = Environment.TickCount;
        ObjectModel[] models = [.. Enumerable.Range(0, 6).Select(client => new ObjectModel(seed + client, $"c{client}:", valueBytesMax: 12_000))];
        for (int round = 0; round < 2; round++)
        {
            await using IBlobStore store = Open(durability);
            await Task.WhenAll(models.Select(model => Task.Run(async () =>
            {
                await model.CheckAsync(store, $"seed {seed}, after restart {round}");
                await model.RunAsync(store, 1500);
                await model.CheckAsync(store, $"seed {seed}, round {round}");
            })));
            Assert.True(models.Sum(model => model.Count) == store.Count(0), $"seed {seed}, round {round}: {store.Count(0)} keys");
            Assert.True(round == 0 || store.Statistics.Spilled > 0, $"seed {seed}: memory was not short");
            Assert.True(store.Statistics.DiskBytes <= BlobStoreOptions.DiskBytesMin, $"seed {seed}: {store.Statistics.DiskBytes}");
            Assert.True(store.Statistics.MemoryPeakBytes <= BlobStoreOptions.MemoryBytesMin, $"seed {seed}: {store.Statistics.MemoryPeakBytes}");
        }
    }

    [Theory]
    [InlineData(StoreDurability.Commit)]
    [InlineData(StoreDurability.None)]
    public async Task More_objects_than_memory_holds_are_spilled_and_read_back(StoreDurability durability)
    {
        const int count = 1400;
        await using (IBlobStore store = Open(durability))
        {
            for (int index = 0; index < count; index++)
                await store.PutObjectAsync($"k{index}", Filled(index, 1 + (index % 40), 1500));
            for (int index = 0; index < count; index += 3)
                Assert.True(await store.ChangeAsync($"k{index}", Multimap.Append("more", BitConverter.GetBytes(index))), $"k{index}");
            for (int index = 0; index < 20; index++)
                await store.PutObjectAsync($"big{index}", Filled(index, 500, 2000));

            Assert.True(store.Statistics.Spilled > 0);
            Assert.True(store.Statistics.MemoryPeakBytes <= BlobStoreOptions.MemoryBytesMin, $"{store.Statistics.MemoryPeakBytes}");
            await CheckAsync(store);
            Assert.True(store.Statistics.Loaded > 0);
            Assert.Equal(0, store.Statistics.Corrupt);
        }

        await using IBlobStore again = Open(durability);
        await CheckAsync(again);

        static async Task CheckAsync(IBlobStore store)
        {
            for (int index = 0; index < count; index += 7)
            {
                Multimap expected = Filled(index, 1 + (index % 40), 1500);
                if (index % 3 == 0)
                    expected.TryApply(Multimap.Append("more", BitConverter.GetBytes(index)));
                Multimap? found = await store.GetObjectAsync($"k{index}");
                Assert.True(found != null && found.IsSame(expected), $"k{index}");
            }

            for (int index = 0; index < 20; index++)
                Assert.True((await store.GetObjectAsync($"big{index}"))!.IsSame(Filled(index, 500, 2000)), $"big{index}");
        }
    }

    [Theory]
    [InlineData(StoreDurability.Interval)]
    [InlineData(StoreDurability.None)]
    public async Task Changing_for_ever_stays_within_memory_and_disk_and_survives_a_restart(StoreDurability durability)
    {
        const int seed = 9;
        var random = new Random(seed);
        var model = new Multimap[40];
        await using (IBlobStore store = Open(durability))
        {
            for (int index = 0; index < model.Length; index++)
            {
                model[index] = Filled(index, 3, 100);
                await store.PutObjectAsync($"k{index}", Filled(index, 3, 100));
            }

            // 300 MB of changes, most of them to objects of up to 2 MB, behind a log of 256 MiB.
            for (int step = 0; step < 30_000; step++)
            {
                int index = random.Next(model.Length);
                byte[] change = Multimap.Append($"x{random.Next(index < 5 ? 200 : 20)}", new byte[10_000]);
                if (model[index].Count > (index < 5 ? 150 : 10))
                    change = Multimap.Remove(model[index].AnyKey(random));
                Assert.Equal(model[index].TryApply(change), await store.ChangeAsync($"k{index}", change));
                if ((step & 63) == 0)
                    Assert.True(store.Statistics.DiskBytes <= BlobStoreOptions.DiskBytesMin, $"{store.Statistics.DiskBytes} at step {step}");
            }

            Assert.True(store.Statistics.MemoryPeakBytes <= BlobStoreOptions.MemoryBytesMin, $"{store.Statistics.MemoryPeakBytes}");
        }

        await using IBlobStore again = Open(durability);
        for (int index = 0; index < model.Length; index++)
            Assert.True(model[index].IsSame((await again.GetObjectAsync($"k{index}"))!), $"k{index} (seed {seed})");
    }

    [Theory]
    [InlineData(StoreDurability.Commit, true)]
    [InlineData(StoreDurability.Commit, false)]
    [InlineData(StoreDurability.None, false)]
    [InlineData(null, true)]
    [InlineData(null, false)]
    public async Task Growing_objects_never_take_more_than_the_memory_limit(StoreDurability? durability, bool keepsAll)
    {
        await using IBlobStore store = Open(durability, keepsAll);
        const int seed = 3;
        var random = new Random(seed);
        CacheError? error = null;
        for (int step = 0; step < 8000 && error == null; step++)
        {
            string key = $"k{random.Next(300)}";
            byte[] change = Multimap.Append($"x{random.Next(50)}", new byte[random.Next(25_000)]);
            (bool changed, error) = await store.TryChangeAsync(key, change);
            if (error == null && !changed)
                error = await store.TryPutObjectAsync(key, Filled(step, 1, 10));
            Assert.True(store.Statistics.MemoryBytes <= BlobStoreOptions.MemoryBytesMin, $"{store.Statistics.MemoryBytes} at step {step}");
        }

        if (durability == null && keepsAll)
            Assert.Equal(CacheErrorCode.NoRoom, error?.Code);
        else
            Assert.True(error == null, error?.ToString());
        Assert.True(store.Statistics.MemoryPeakBytes <= BlobStoreOptions.MemoryBytesMin, $"{store.Statistics.MemoryPeakBytes}");
    }

    [Fact]
    public async Task Others_go_on_while_a_big_object_is_written_and_its_changes_wait()
    {
        await using IBlobStore store = Open(StoreDurability.Commit);
        using var writing = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        Multimap map = Filled(1, 300, 2000);
        map.Writing = () =>
        {
            writing.Release();
            goOn.Wait(TimeSpan.FromSeconds(20));
        };
        Task put = store.PutObjectAsync("big", map);
        Assert.True(await writing.WaitAsync(TimeSpan.FromSeconds(20)));

        for (int index = 0; index < 200; index++) // all shards
            await store.SetAsync($"k{index}", [1]);
        Task<bool> change = store.ChangeAsync("big", Multimap.Append("x", "1"u8));
        Assert.False(put.IsCompleted);
        Assert.False(change.IsCompleted);
        Assert.Empty(map["x"]);
        map.Writing = null;
        goOn.Set();

        await put.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(await change.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Object_that_is_deleted_while_it_is_written_is_given_back_once_and_does_not_come_back()
    {
        Multimap map = Filled(1, 300, 2000);
        await using (IBlobStore store = Open(StoreDurability.Commit))
        {
            using var writing = new SemaphoreSlim(0);
            using var goOn = new ManualResetEventSlim();
            map.Writing = () =>
            {
                writing.Release();
                goOn.Wait(TimeSpan.FromSeconds(20));
            };
            Task put = store.PutObjectAsync("big", map);
            Assert.True(await writing.WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.True(store.Delete("big"));
            Assert.Equal(0, map.Freed);
            goOn.Set();
            await put.WaitAsync(TimeSpan.FromSeconds(20));
            await Until.TrueAsync(() => map.Freed == 1, "the writer gives it back");
        }

        Assert.Equal(1, map.Freed);
        await using IBlobStore again = Open(StoreDurability.Commit);
        Assert.Null(await again.GetObjectAsync("big"));
    }

    [Fact]
    public async Task Moved_object_survives_restarts_before_and_after_its_base_is_written_again()
    {
        var expected = Filled(1, 300, 2000);
        await using (IBlobStore store = Open(StoreDurability.Commit))
        {
            await store.PutObjectAsync("a", Filled(1, 300, 2000));
            await store.ChangeAsync("a", Multimap.Append("x", "1"u8));
            await store.MoveAsync("a", "b");
            await store.ChangeAsync("b", Multimap.Append("x", "2"u8));
            await store.MoveAsync("b", "c");
            await store.PutObjectAsync("a", Filled(2, 1, 1));
        }

        expected.TryApply(Multimap.Append("x", "1"u8));
        expected.TryApply(Multimap.Append("x", "2"u8));
        for (int restart = 0; restart < 2; restart++)
        {
            await using IBlobStore store = Open(StoreDurability.Commit);
            Assert.True(expected.IsSame((await store.GetObjectAsync("c"))!), $"restart {restart}");
            Assert.Null(await store.GetObjectAsync("b"));
            Assert.True(Filled(2, 1, 1).IsSame((await store.GetObjectAsync("a"))!));
        }
    }

    internal static Multimap Filled(int seed, int keys, int valueBytes)
    {
        var random = new Random(seed);
        var map = new Multimap();
        for (int index = 0; index < keys; index++)
        {
            var value = new byte[valueBytes];
            random.NextBytes(value);
            map.TryApply(Multimap.Append($"key{index}", value));
        }

        return map;
    }

    private IBlobStore Open(StoreDurability? durability, bool keepsAll = true)
    {
        var options = new BlobStoreOptions
        {
            Directory = durability == null ? null : directory, MemoryBytes = BlobStoreOptions.MemoryBytesMin,
            DiskBytes = BlobStoreOptions.DiskBytesMin, Durability = durability ?? StoreDurability.None, ObjectCodec = new MultimapCodec(),
        };
        Result<IBlobStore> store = BlobStores.Open(options, new KeepRecentPolicy(keepsAll), TimeProvider.System);
        Assert.True(store.IsOk, store.Error?.ToString());
        return store.Value;
    }
}
