using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Xunit;

namespace Hal.Cache.ContractSuites.Storage;

/// <summary>What every <see cref="IBlobStore"/> promises of objects.</summary>
public abstract class ObjectStoreContract : IAsyncLifetime
{
    private IBlobStore store = null!;

    protected abstract TimeProvider Time { get; }

    /// <summary>Opens a store with <see cref="MultimapCodec"/>.</summary>
    protected abstract IBlobStore Open();

    protected abstract void Advance(TimeSpan time);

    public Task InitializeAsync()
    {
        store = Open();
        return Task.CompletedTask;
    }

    public virtual async Task DisposeAsync() => await store.DisposeAsync();

    [Fact]
    public async Task Object_is_the_same_structure_until_it_is_replaced()
    {
        var map = new Multimap();
        map.TryApply(Multimap.Append("a", "1"u8));
        await store.PutObjectAsync("k", map);
        long before = VersionOf("k");

        Assert.True(await store.ChangeAsync("k", Multimap.Append("a", "2"u8)));
        Assert.True(await store.ChangeAsync("k", Multimap.Append("b", "3"u8)));
        Assert.False(await store.ChangeAsync("k", Multimap.Remove("nothing")));

        Assert.Equal(2, map["a"].Count);
        Assert.True(map.IsSame((await store.GetObjectAsync("k"))!));
        Assert.True(VersionOf("k") > before);
        Assert.Equal(1, store.Count(0));
    }

    [Fact]
    public async Task Object_and_string_replace_each_other()
    {
        var first = Filled(3, 100_000);
        await store.SetAsync("k", [1]);
        await store.PutObjectAsync("k", first);
        Assert.Equal(3, (await store.GetObjectAsync("k"))!.Count);
        await store.SetAsync("k", new byte[300_000]);
        Assert.Null(await store.GetObjectAsync("k"));
        Assert.Equal(300_000, (await store.GetAsync("k"))!.Length);
        await store.PutObjectAsync("k", Filled(5));
        await store.PutObjectAsync("k", Filled(6));
        Assert.Equal(6, (await store.GetObjectAsync("k"))!.Count);

        Assert.True(store.Delete("k"));

        Assert.Null(await store.GetObjectAsync("k"));
        Assert.Equal(0, store.Count(0));
        await Until.TrueAsync(() => first.Freed == 1, "what is replaced is given back, once");
    }

    [Fact]
    public async Task Memory_counts_what_structures_take_and_no_longer_what_they_took()
    {
        await store.SetAsync("warm", [1]); // the first page of its class
        long empty = store.Statistics.MemoryBytes;
        var map = Filled(10, 20_000);
        await store.PutObjectAsync("k", map);
        long put = store.Statistics.MemoryBytes;
        await store.ChangeAsync("k", Multimap.Append("more", new byte[100_000]));
        long grown = store.Statistics.MemoryBytes;
        await store.ChangeAsync("k", Multimap.Remove("more"));
        long shrunk = store.Statistics.MemoryBytes;

        Assert.InRange(put - empty, 200_000, 200_000 + 150_000);
        Assert.InRange(grown - put, 100_000, 110_000);
        Assert.InRange(shrunk - put, -5_000, 5_000);
        Assert.InRange(BytesOf("k"), map.MemoryBytes, map.MemoryBytes + 100);
        store.Delete("k");
        await Until.TrueAsync(() => store.Statistics.MemoryBytes <= empty + 70_000, "the memory comes back");
    }

    [Fact]
    public async Task Object_expires_and_its_expiry_moves_like_any_other()
    {
        long now = Time.GetUtcNow().ToUnixTimeMilliseconds();
        var map = Filled(2);
        await store.PutObjectAsync("k", map, expiresAt: now + 1000);
        await store.PutObjectAsync("stays", Filled(2), expiresAt: now + 1000);
        store.Expire("stays", 0);
        await store.PutObjectAsync("later", Filled(2));
        store.Expire("later", now + 5000);
        Assert.Equal(2, store.CountExpiring(0));

        Advance(TimeSpan.FromMilliseconds(999));
        Assert.True(await store.ChangeAsync("k", Multimap.Append("x", "y"u8)));
        Advance(TimeSpan.FromMilliseconds(1));

        Assert.Null(await store.GetObjectAsync("k"));
        Assert.NotNull(await store.GetObjectAsync("stays"));
        Assert.NotNull(await store.GetObjectAsync("later"));
        Advance(TimeSpan.FromSeconds(4));
        Assert.Null(await store.GetObjectAsync("later"));
        await Until.TrueAsync(() => map.Freed == 1, "what expires is given back");
    }

    [Fact]
    public async Task Move_gives_the_same_structure_another_key()
    {
        long now = Time.GetUtcNow().ToUnixTimeMilliseconds();
        var map = Filled(4);
        await store.PutObjectAsync("from", map, expiresAt: now + 60_000);
        await store.ChangeAsync("from", Multimap.Append("x", "1"u8));
        await store.SetAsync("to", [1]);

        await store.MoveAsync("from", "to");

        Assert.Null(await store.GetObjectAsync("from"));
        Assert.True(map.IsSame((await store.GetObjectAsync("to"))!));
        await store.ChangeAsync("to", Multimap.Append("x", "2"u8));
        Assert.Equal(2, map["x"].Count);
        Assert.Equal(1, store.Count(0));
        Assert.Equal(1, store.CountExpiring(0));
        Assert.Equal(0, map.Freed);
        await store.MoveAsync("to", "back");
        await store.PutObjectAsync("to", Filled(1));
        await store.MoveAsync("back", "to");
        Assert.True(map.IsSame((await store.GetObjectAsync("to"))!));
    }

    [Fact]
    public async Task Clone_is_apart_from_its_original()
    {
        await store.PutObjectAsync("k", Filled(3));
        await store.PutObjectAsync("copy", (await store.GetObjectAsync("k"))!, database: 2);

        await store.ChangeAsync("copy", Multimap.Append("new", "1"u8), database: 2);

        Assert.Equal(3, (await store.GetObjectAsync("k"))!.Count);
        Assert.Equal(4, (await store.GetObjectAsync("copy", database: 2))!.Count);
    }

    [Fact]
    public async Task Databases_of_objects_are_swapped_and_flushed_and_their_structures_given_back()
    {
        var map = Filled(1, 80_000);
        await store.PutObjectAsync("k", map);
        await store.PutObjectAsync("k", Filled(2), database: 1);
        WriteScope scope = default;

        store.Lock(store.AllShards);
        store.Swap(0, 1, ref scope);
        store.Unlock(store.AllShards);
        Assert.Equal(2, (await store.GetObjectAsync("k"))!.Count);
        Assert.Equal(1, (await store.GetObjectAsync("k", database: 1))!.Count);

        store.Lock(store.AllShards);
        store.Flush(-1, ref scope);
        store.Unlock(store.AllShards);
        Assert.Null(await store.GetObjectAsync("k"));
        await Until.TrueAsync(() => map.Freed == 1, "emptied databases give their structures back");
    }

    [Fact]
    public async Task Big_object_takes_changes_and_reads_at_any_time()
    {
        var map = Filled(100, 20_000);
        await store.PutObjectAsync("big", map);

        for (int index = 0; index < 50; index++)
            Assert.True(await store.ChangeAsync("big", Multimap.Append($"x{index}", new byte[1000])));
        Assert.Null(await store.SaveAsync(default));
        Assert.True(await store.ChangeAsync("big", Multimap.Append("huge", new byte[700_000])));
        Assert.True(await store.ChangeAsync("big", Multimap.Remove("x7")));

        Multimap copy = (await store.GetObjectAsync("big"))!;
        Assert.Equal(150, copy.Count);
        Assert.True(map.IsSame(copy));
    }

    [Fact]
    public async Task Scan_tells_objects_with_their_type()
    {
        for (int index = 0; index < 500; index++)
            await store.PutObjectAsync($"o{index}", Filled(1));
        var types = new TypeCounter();
        ulong cursor = 0;
        do
        {
            cursor = store.Scan(cursor, 0, 100, types);
        }
        while (cursor != 0);

        Assert.Equal(500, types.Hashes);
    }

    private long VersionOf(string key) => Read(key, entry => entry.Version);

    private long BytesOf(string key) => Read(key, entry => store.BytesOf(entry));

    private long Read(string key, Func<EntryRef, long> read)
    {
        byte[] name = System.Text.Encoding.UTF8.GetBytes(key);
        ulong hash = store.Hash(name);
        WriteScope scope = default;
        store.Lock(store.ShardOf(hash));
        try
        {
            return read(store.Find(new BlobKey(0, name, hash), ref scope));
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
    }

    private static Multimap Filled(int keys, int valueBytes = 10)
    {
        var map = new Multimap();
        for (int index = 0; index < keys; index++)
            map.TryApply(Multimap.Append($"key{index}", new byte[valueBytes]));
        return map;
    }

    private sealed class TypeCounter : IEntryVisitor
    {
        public int Hashes { get; private set; }

        public void Visit(int database, in EntryRef entry) => Hashes += entry is { Type: BlobType.Hash, IsObject: true } ? 1 : 0;
    }
}
