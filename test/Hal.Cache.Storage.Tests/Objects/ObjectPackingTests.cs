using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Storage.Tests.Log;

namespace Hal.Cache.Storage.Tests.Objects;

public sealed class ObjectPackingTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData(StoreDurability.Commit)]
    [InlineData(StoreDurability.Interval)]
    [InlineData(StoreDurability.None)]
    public async Task Random_commands_and_restarts_agree_with_a_model_when_every_small_object_is_packed_at_once(StoreDurability durability)
    {
        int seed = Environment.TickCount;
        var model = new ObjectModel(seed, valueBytesMax: 40, packs: true);
        for (int round = 0; round < 3; round++)
        {
            await using IBlobStore store = Open(unpackedMax: 0, durability);
            await model.CheckAsync(store, $"seed {seed}, after restart {round}");
            await model.RunAsync(store, 1500);
            await model.CheckAsync(store, $"seed {seed}, round {round}");
            Assert.True(model.Count == store.Count(0), $"seed {seed}, round {round}: {store.Count(0)} keys of {model.Count}");
        }
    }

    [Fact]
    public async Task Many_clients_at_once_agree_with_their_models_while_objects_are_packed_and_spilled()
    {
        int seed = Environment.TickCount;
        ObjectModel[] models = [.. Enumerable.Range(0, 4).Select(client => new ObjectModel(seed + client, $"c{client}:", valueBytesMax: 40, packs: true))];
        for (int round = 0; round < 2; round++)
        {
            await using IBlobStore store = Open(unpackedMax: 16, StoreDurability.None);
            await Task.WhenAll(models.Select(model => Task.Run(async () =>
            {
                await model.CheckAsync(store, $"seed {seed}, after restart {round}");
                await model.RunAsync(store, 1000);
                store.LimitMemory(0);
                await model.CheckAsync(store, $"seed {seed}, round {round}");
            })));
            Assert.True(models.Sum(model => model.Count) == store.Count(0), $"seed {seed}, round {round}: {store.Count(0)} keys");
        }
    }

    [Fact]
    public async Task Small_objects_that_nobody_uses_take_little_more_than_their_blobs()
    {
        const int count = 60_000;
        await using IBlobStore store = Open(unpackedMax: 1024);
        long before = store.Statistics.MemoryBytes;

        for (int index = 0; index < count; index++)
            await store.PutObjectAsync($"k{index}", Filled(index));

        long each = (store.Statistics.MemoryBytes - before) / count;
        Assert.True(each < 160, $"{each} B each"); // the 1,024 that are unpacked take some 450 B
        for (int index = 0; index < count; index += 7)
            Assert.True(Filled(index).IsSame((await store.GetObjectAsync($"k{index}"))!), $"k{index}");
        each = (store.Statistics.MemoryBytes - before) / count;
        Assert.True(each < 160, $"{each} B each, after reads");
    }

    [Fact]
    public async Task Object_that_is_used_all_the_time_stays_a_structure()
    {
        await using IBlobStore store = Open(unpackedMax: 64);
        await store.PutObjectAsync("hot", Filled(1));
        IObjectValue first = ObjectOf(store, "hot");

        for (int index = 0; index < 2000; index++)
        {
            await store.PutObjectAsync($"k{index}", Filled(index));
            Assert.Same(first, ObjectOf(store, "hot"));
        }
    }

    [Fact]
    public async Task Entries_stay_where_they_are_while_their_objects_are_unpacked_and_changed_under_one_lock()
    {
        const int count = 100;
        await using IBlobStore store = Open(unpackedMax: 0);
        for (int index = 0; index < count; index++)
            await store.PutObjectAsync($"k{index}", Filled(index));
        WriteScope scope = default;
        var found = new List<EntryRef>();
        byte[] change = Multimap.Append("more", "value"u8);

        store.Lock(store.AllShards);
        for (int index = 0; index < count; index++)
            found.Add(store.Find(Key(store, $"k{index}"), ref scope));
        for (int index = 0; index < count; index++)
        {
            Assert.True(store.Object(found[index]).TryApply(change));
            store.Change(Key(store, $"k{index}"), change, ref scope);
        }

        for (int index = 0; index < count; index++)
            Assert.Equal(found[index], store.Find(Key(store, $"k{index}"), ref scope));
        store.Unlock(store.AllShards);

        for (int index = 0; index < count; index++)
            Assert.Equal(2, (await store.GetObjectAsync($"k{index}"))!.Count);
    }

    [Fact]
    public async Task Held_object_is_not_packed_before_its_hold_ends()
    {
        await using IBlobStore store = Open(unpackedMax: 0);
        await store.PutObjectAsync("k", Filled(1));
        BlobKey key = Key(store, "k");
        WriteScope scope = default;

        store.Lock(store.ShardOf(key.Hash));
        IObjectHold hold = store.Hold(store.Find(key, ref scope));
        store.Unlock(store.ShardOf(key.Hash));
        for (int index = 0; index < 100; index++)
            await store.PutObjectAsync($"k{index}", Filled(index));

        Assert.Same(hold.Value, ObjectOf(store, "k"));
        hold.Dispose();
        Assert.True(await store.ChangeAsync("k", Multimap.Append("more", "value"u8)));
        Assert.Equal(2, (await store.GetObjectAsync("k"))!.Count);
    }

    private IBlobStore Open(int unpackedMax, StoreDurability? durability = null) => BlobStores.Open(
        new BlobStoreOptions
        {
            Directory = durability == null ? null : temp.Sub("a"), Durability = durability ?? StoreDurability.None, ObjectCodec = new MultimapCodec(packs: true),
            MemoryBytes = BlobStoreOptions.MemoryBytesMin, DiskBytes = BlobStoreOptions.DiskBytesMin, UnpackedObjectsMax = unpackedMax,
        },
        new KeepRecentPolicy(true), TimeProvider.System).Value;

    private static BlobKey Key(IBlobStore store, string key)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        return new BlobKey(0, bytes, store.Hash(bytes));
    }

    private static IObjectValue ObjectOf(IBlobStore store, string name)
    {
        BlobKey key = Key(store, name);
        WriteScope scope = default;
        store.Lock(store.ShardOf(key.Hash));
        IObjectValue value = store.Object(store.Find(key, ref scope));
        store.Unlock(store.ShardOf(key.Hash));
        return value;
    }

    private static Multimap Filled(int number)
    {
        var map = new Multimap { IsPackable = true };
        map.TryApply(Multimap.Append($"field{number}", BitConverter.GetBytes(number)));
        return map;
    }
}
