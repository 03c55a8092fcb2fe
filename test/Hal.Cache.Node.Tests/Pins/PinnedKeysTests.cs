using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Pins;
using Hal.Cache.Node.Tests.Support;
using Hal.Cache.Storage;

namespace Hal.Cache.Node.Tests.Pins;

public sealed class PinnedKeysTests : IAsyncLifetime
{
    private const long MemoryBytes = 64L << 20;

    private readonly IBlobStore store = BlobStores.Open(new BlobStoreOptions { MemoryBytes = MemoryBytes, Durability = StoreDurability.None }, new DropAll(), TimeProvider.System).Value;

    private PinnedKeys Pinned { get; set; } = null!;

    public Task InitializeAsync()
    {
        Pinned = new PinnedKeys(store);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await store.DisposeAsync();

    [Fact]
    public void What_is_there_when_the_pins_come_is_kept_and_counted()
    {
        Put("a", 1000);
        Put("p/1", 2000);
        Put("other", 1000);

        Pinned.Keep(Select(["a", "absent"], ["p/"]));

        Assert.Equal((2, BytesOf("a") + BytesOf("p/1")), (Pinned.Keys, Pinned.Bytes));
        Assert.Equal([true, true, false, false], new[] { "a", "p/1", "other", "absent" }.Select(Keeps));
    }

    [Fact]
    public void What_comes_changes_and_goes_afterwards_is_followed()
    {
        Pinned.Keep(Select(["a"], ["p/"]));

        Put("a", 1000);
        Put("a", 5000);
        Put("p/1", 100);
        Put("p/2", 100);
        Put("other", 100);
        Remove("p/1");

        Assert.Equal((2, BytesOf("a") + BytesOf("p/2")), (Pinned.Keys, Pinned.Bytes));
        Assert.False(Keeps("p/1"));
        Flush();
        Assert.Equal((0, 0), (Pinned.Keys, Pinned.Bytes));
    }

    [Fact]
    public void Other_pins_take_the_place_of_those_before_and_none_keep_nothing()
    {
        foreach (var key in new[] { "a", "b", "c" }) Put(key, 100);

        Pinned.Keep(Select(["a", "b"], []));
        Pinned.Keep(Select(["b", "c"], []));
        var second = new[] { "a", "b", "c" }.Select(Keeps).ToArray();
        Pinned.Keep(PinSelection.Empty);
        Put("b", 200);

        Assert.Equal([false, true, true], second);
        Assert.Equal((0, 0, false), (Pinned.Keys, Pinned.Bytes, Keeps("b")));
    }

    [Fact]
    public void A_key_of_another_database_is_another_key()
    {
        Put("a", 100, database: 3);

        Pinned.Keep(Select(["a"], ["a"]));

        Assert.Equal(0, Pinned.Keys);
    }

    [Fact]
    public void More_than_their_part_of_the_store_is_not_kept_until_it_fits_again()
    {
        Pinned.Keep(Select([], ["p/"]));
        int count = (int)(Pinned.BytesMax / 16_000);
        for (int index = 0; index <= count; index++) Put($"p/{index}", 16_000);

        bool full = Keeps("p/0");
        for (int index = count - 20; index <= count; index++) Remove($"p/{index}"); // keys and headers count as well

        Assert.Equal(MemoryBytes / 2, Pinned.BytesMax);
        Assert.Equal((false, true), (full, Keeps("p/0")));
    }

    private PinSelection Select(string[] keys, string[] prefixes) => PinSelection.Of(
        keys.Select(k => (0, (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(k))), prefixes.Select(p => (0, (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(p))), store);

    private bool Keeps(string key) => With(key, 0, (in BlobKey blob) => Pinned.Keeps(blob));

    private long BytesOf(string key) => With(key, 0, (in BlobKey blob) =>
    {
        WriteScope scope = default;
        return store.BytesOf(store.Find(blob, ref scope));
    });

    private void Put(string key, int bytes, int database = 0) => Assert.Equal(StoreStatus.Done, With(key, database, (in BlobKey blob) =>
    {
        WriteScope scope = default;
        return store.Put(blob, BlobType.String, new byte[bytes], 0, EntryFlags.None, ref scope);
    }));

    private void Remove(string key) => Assert.True(With(key, 0, (in BlobKey blob) =>
    {
        WriteScope scope = default;
        store.Remove(blob, RemovalReason.Deleted, ref scope, out bool removed);
        return removed;
    }));

    private void Flush()
    {
        WriteScope scope = default;
        store.Lock(store.AllShards);
        store.Flush(-1, ref scope);
        store.Unlock(store.AllShards);
    }

    private T With<T>(string key, int database, Step<T> step)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(key);
        ulong hash = store.Hash(bytes);
        store.Lock(store.ShardOf(hash));
        try
        {
            return step(new BlobKey(database, bytes, hash));
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
    }

    private delegate T Step<T>(in BlobKey key);
}
