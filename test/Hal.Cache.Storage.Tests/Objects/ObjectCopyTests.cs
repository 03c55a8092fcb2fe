using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Storage.Tests.Objects;

/// <summary>Copies of other instances' objects, and holds on objects, in a store that logs at once.</summary>
public sealed class ObjectCopyTests : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("hal-store-").FullName;
    private IBlobStore store = null!;

    public Task InitializeAsync()
    {
        store = Open();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await store.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_copied_object_has_its_stamp_and_counts_reads_and_leaves_nothing_in_the_log()
    {
        Multimap map = Filled(200);
        long tail = store.AppendedUntil;

        PutCopy("k", map, new OriginStamp(7, 8, 9), expiresAt: 4_000_000_000_000);

        With("k", entry =>
        {
            Assert.Equal(EntryFlags.Clean | EntryFlags.Object, entry.Flags & (EntryFlags.Clean | EntryFlags.Object | EntryFlags.OnDisk));
            Assert.Equal(new OriginStamp(7, 8, 9), entry.ReadStamp());
            Assert.Equal((4_000_000_000_000, 0L), (entry.ExpiresAt, entry.CopyReads));
            entry.CopyReads++;
            entry.WriteStamp(new OriginStamp(7, 10, 0));
            Assert.Equal((1L, new OriginStamp(7, 10, 0)), (entry.CopyReads, entry.ReadStamp()));
            Assert.Same(map, store.Object(entry));
        });
        Assert.Null(await store.SaveAsync(default));
        Assert.Equal(tail, store.AppendedUntil);

        await store.DisposeAsync();
        store = Open();
        Assert.Equal(0, store.Count(0));
        Assert.Equal(1, map.Freed);
    }

    [Fact]
    public async Task Copied_objects_are_dropped_where_memory_is_short_and_not_spilled()
    {
        var maps = new List<Multimap>();
        for (int key = 0; key < 400; key++)
        {
            Multimap map = Filled(1000);
            maps.Add(map);
            while (!store.HasRoom(map.MemoryBytes))
                Assert.Null(await store.MakeRoomAsync(map.MemoryBytes, default));
            PutCopy($"k{key}", map, new OriginStamp((ulong)key + 1, 1));
        }

        Assert.True(maps.Sum(map => map.MemoryBytes) > 2 * store.Statistics.MemoryLimitBytes, "the test needs more than fits");
        Assert.InRange(store.Statistics.MemoryBytes, 1, store.Statistics.MemoryLimitBytes);
        Assert.True(store.Statistics.Evicted > 0);
        Assert.Equal((0L, 0L), (store.Statistics.Spilled, store.Statistics.LiveBytes));
        Assert.Equal(store.Count(0), maps.Count(map => map.Freed == 0));
    }

    [Fact]
    public async Task A_held_object_takes_no_change_until_it_is_let_go()
    {
        await store.PutObjectAsync("k", Filled(2));
        IObjectHold hold = Hold("k");
        Task<bool> change = store.ChangeAsync("k", Multimap.Append("later", "1"u8));
        Assert.False(change.IsCompleted);
        Assert.Empty(((Multimap)hold.Value)["later"]);

        hold.Dispose();
        hold.Dispose(); // once is enough

        Assert.True(await change.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Single((await store.GetObjectAsync("k"))!["later"]);
    }

    [Fact]
    public async Task A_held_object_outlives_its_key_and_is_given_back_once()
    {
        Multimap map = Filled(2);
        await store.PutObjectAsync("k", map);
        IObjectHold first = Hold("k"), second = Hold("k");
        Assert.True(store.Delete("k"));

        first.Dispose();
        Assert.Equal(0, map.Freed);
        second.Dispose();

        Assert.Equal(1, map.Freed);
        Assert.Null(await store.GetObjectAsync("k"));
    }

    private static Multimap Filled(int keys)
    {
        var map = new Multimap();
        var value = new byte[400];
        for (int key = 0; key < keys; key++) map.TryApply(Multimap.Append($"{key}", value));
        return map;
    }

    private IBlobStore Open() => BlobStores.Open(
        new BlobStoreOptions { Directory = directory, MemoryBytes = 64L << 20, DiskBytes = 256L << 20, Durability = StoreDurability.Interval, ObjectCodec = new MultimapCodec() },
        new KeepRecentPolicy(true), new ManualTimeProvider()).Value;

    private void PutCopy(string key, Multimap map, OriginStamp stamp, long expiresAt = 0)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        var blob = new BlobKey(0, name, store.Hash(name));
        var scope = default(WriteScope);
        store.Lock(store.ShardOf(blob.Hash));
        Assert.Equal(StoreStatus.Done, store.PutCopy(blob, map, stamp, expiresAt, ref scope));
        store.Unlock(store.ShardOf(blob.Hash));
    }

    private IObjectHold Hold(string key)
    {
        IObjectHold? hold = null;
        With(key, entry => hold = store.Hold(entry));
        return hold!;
    }

    private void With(string key, Action<EntryRef> act)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        ulong hash = store.Hash(name);
        var scope = default(WriteScope);
        store.Lock(store.ShardOf(hash));
        try
        {
            act(store.Find(new BlobKey(0, name, hash), ref scope));
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
    }
}
