using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Testing.Memory;
using Xunit;

namespace Hal.Cache.ContractSuites.Storage;

/// <summary>What every <see cref="IBlobStore"/> promises.</summary>
public abstract class BlobStoreContract : IAsyncLifetime
{
    private IBlobStore store = null!;

    protected abstract TimeProvider Time { get; }

    protected abstract IBlobStore Open();

    protected abstract void Advance(TimeSpan time);

    public Task InitializeAsync()
    {
        store = Open();
        return Task.CompletedTask;
    }

    public virtual async Task DisposeAsync() => await store.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(1000)]
    [InlineData(IBlobStore.InlineBytesMax)]
    [InlineData(IBlobStore.InlineBytesMax + 1)]
    [InlineData(IBlobStore.ChunkBytes)]
    [InlineData(IBlobStore.ChunkBytes + 1)]
    [InlineData(1_000_000)]
    public async Task Put_gives_back_the_same_bytes(int length)
    {
        byte[] value = RandomNumberGenerator.GetBytes(length);

        await store.SetAsync("k", value);

        Assert.Equal(value, await store.GetAsync("k"));
        Assert.Equal(1, store.Count(0));
    }

    [Fact]
    public async Task Put_replaces_values_of_any_size_by_any_other()
    {
        int[] sizes = [10, 12, 100, 5000, 300_000, 20_000, 16_384, 3, 70_000, 70_001, 0];
        foreach (int size in sizes)
        {
            byte[] value = RandomNumberGenerator.GetBytes(size);
            await store.SetAsync("k", value);
            Assert.Equal(value, await store.GetAsync("k"));
        }

        Assert.Equal(1, store.Count(0));
    }

    [Fact]
    public async Task Remove_removes_and_tells_whether_there_was_something()
    {
        await store.SetAsync("k", "v"u8.ToArray());

        Assert.True(store.Delete("k"));
        Assert.False(store.Delete("k"));
        Assert.Null(await store.GetAsync("k"));
        Assert.Equal(0, store.Count(0));
    }

    [Fact]
    public async Task Databases_are_apart_and_can_be_swapped_and_flushed()
    {
        await store.SetAsync("k", "zero"u8.ToArray());
        await store.SetAsync("k", "one"u8.ToArray(), database: 1);
        WriteScope scope = default;

        store.Lock(store.AllShards);
        store.Swap(0, 1, ref scope);
        store.Unlock(store.AllShards);
        Assert.Equal("one"u8.ToArray(), await store.GetAsync("k"));
        Assert.Equal("zero"u8.ToArray(), await store.GetAsync("k", database: 1));

        store.Lock(store.AllShards);
        store.Flush(0, ref scope);
        store.Unlock(store.AllShards);
        Assert.Null(await store.GetAsync("k"));
        Assert.Equal(0, store.Count(0));
        Assert.Equal(1, store.Count(1));

        store.Lock(store.AllShards);
        store.Flush(-1, ref scope);
        store.Unlock(store.AllShards);
        Assert.Equal(0, store.Count(1));
        await store.SetAsync("k", "again"u8.ToArray(), database: 1);
        Assert.Equal("again"u8.ToArray(), await store.GetAsync("k", database: 1));
    }

    [Fact]
    public async Task Expired_entries_are_not_found_and_are_reclaimed_without_being_touched()
    {
        long now = Time.GetUtcNow().ToUnixTimeMilliseconds();
        for (int index = 0; index < 100; index++)
            await store.SetAsync($"k{index}", new byte[index], expiresAt: now + 1000);
        await store.SetAsync("stays", "v"u8.ToArray());
        Assert.Equal(100, store.CountExpiring(0));

        Advance(TimeSpan.FromMilliseconds(999));
        Assert.NotNull(await store.GetAsync("k1"));
        Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(await store.GetAsync("k1"));

        await Until.TrueAsync(
            () =>
            {
                Advance(TimeSpan.FromMilliseconds(100));
                return store.Count(0) == 1;
            },
            "expired entries go by themselves");
        Assert.Equal(0, store.CountExpiring(0));
        Assert.Equal(100, store.Statistics.Expired);
    }

    [Fact]
    public async Task Expired_entries_stay_unfound_while_the_store_is_to_keep_them_and_may_be_replaced()
    {
        long now = Time.GetUtcNow().ToUnixTimeMilliseconds();
        await store.SetAsync("k", "v"u8.ToArray(), expiresAt: now + 1000);
        await store.SetAsync("j", "v"u8.ToArray(), expiresAt: now + 1000);
        store.KeepsExpired = true;
        Advance(TimeSpan.FromSeconds(2));

        Assert.Null(await store.GetAsync("k"));
        Assert.Equal(2, store.Count(0));
        await store.SetAsync("k", "again"u8.ToArray());
        Assert.Equal("again"u8.ToArray(), await store.GetAsync("k"));
        Assert.Equal(2, store.Count(0));
        Assert.Equal(0, store.Statistics.Expired);

        store.KeepsExpired = false;
        Assert.Null(await store.GetAsync("j"));
        Assert.Equal("again"u8.ToArray(), await store.GetAsync("k"));
        Assert.Equal(1, store.Count(0));
        Assert.Equal(1, store.Statistics.Expired);
    }

    [Fact]
    public async Task Expiry_can_be_set_moved_and_removed()
    {
        long now = Time.GetUtcNow().ToUnixTimeMilliseconds();
        await store.SetAsync("k", "v"u8.ToArray());

        Assert.True(store.Expire("k", now + 1000));
        Assert.True(store.Expire("k", now + 5000));
        Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("v"u8.ToArray(), await store.GetAsync("k"));
        Assert.True(store.Expire("k", 0));
        Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("v"u8.ToArray(), await store.GetAsync("k"));
        Assert.True(store.Expire("k", now + 13_000));
        Advance(TimeSpan.FromSeconds(2));
        Assert.Null(await store.GetAsync("k"));
    }

    [Fact]
    public async Task Scan_visits_every_entry_that_stays_while_others_come_and_go()
    {
        const int seed = 7;
        var random = new Random(seed);
        for (int index = 0; index < 2000; index++)
            await store.SetAsync($"stay{index}", [1]);
        var seen = new HashSet<string>();
        ulong cursor = 0;
        int steps = 0;
        do
        {
            cursor = store.Scan(cursor, 0, 10, new KeyCollector(seen));
            for (int change = 0; change < 30; change++)
                await store.SetAsync($"come{steps}-{change}", new byte[random.Next(200)]);
            for (int change = 0; change < 25; change++)
                store.Delete($"come{random.Next(steps + 1)}-{change}");
            Assert.True(++steps < 100_000, $"the scan ends (seed {seed})");
        }
        while (cursor != 0);

        for (int index = 0; index < 2000; index++)
            Assert.Contains($"stay{index}", seen);
    }

    [Fact]
    public async Task Random_finds_a_key_of_the_database()
    {
        await store.SetAsync("only", [1], database: 3);
        store.Lock(store.AllShards);
        try
        {
            Assert.Equal("only", Encoding.UTF8.GetString(store.Random(3, new Random(1)).Key));
            Assert.True(store.Random(4, new Random(1)).IsNone);
        }
        finally
        {
            store.Unlock(store.AllShards);
        }
    }

    [Fact]
    public async Task A_retained_large_value_stays_readable_after_its_key_got_another()
    {
        byte[] first = RandomNumberGenerator.GetBytes(500_000);
        await store.SetAsync("k", first);
        ILargeValue retained = store.Retain("k");

        await store.SetAsync("k", RandomNumberGenerator.GetBytes(400_000));
        store.Delete("k");

        Assert.Equal(first, await StoreExtensions.ReadAllAsync(retained));
        retained.Release();
    }

    [Fact]
    public async Task A_derived_value_shares_chunks_and_leaves_the_old_one_as_it_was()
    {
        byte[] first = RandomNumberGenerator.GetBytes(200_000);
        await store.SetAsync("k", first);
        ILargeValue old = store.Retain("k");
        ILargeValue derived = old.Derive(250_000, index => index < 3);
        byte[] second = [.. first.AsSpan(0, 3 * IBlobStore.ChunkBytes), .. RandomNumberGenerator.GetBytes(250_000 - (3 * IBlobStore.ChunkBytes))];

        Assert.Null(await derived.WriteChunkAsync(3, second.AsMemory(3 * IBlobStore.ChunkBytes), default));
        store.PutLarge("k", derived);
        derived.Release();

        Assert.Equal(second, await store.GetAsync("k"));
        Assert.Equal(first, await StoreExtensions.ReadAllAsync(old));
        old.Release();
        Assert.Equal(second, await store.GetAsync("k"));
    }

    [Fact]
    public async Task Chunks_are_filled_where_they_are_to_be_and_say_where_they_lie()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes((2 * IBlobStore.ChunkBytes) + 100);
        ILargeValue value = store.Stage(bytes.Length);
        value.Origin = new OriginStamp(42, 1);
        nint[] spaces = [value.TryTakeSpace(0), value.TryTakeSpace(1), value.TryTakeSpace(2)];
        Assert.Equal(3, spaces.Distinct().Count(static space => space != 0));
        for (int index = 0; index < spaces.Length; index++)
            Marshal.Copy(bytes, index * IBlobStore.ChunkBytes, spaces[index], Math.Min(IBlobStore.ChunkBytes, bytes.Length - (index * IBlobStore.ChunkBytes)));
        uint known = Crc32C.Append(0, bytes.AsSpan(0, IBlobStore.ChunkBytes));

        Assert.True(value.TryCommit(2, spaces[2], checksum: null));
        Assert.True(value.TryCommit(0, spaces[0], known));
        Assert.Equal(default, value.TryLocate(IBlobStore.ChunkBytes, 100));
        Assert.Equal(default, value.TryLend(IBlobStore.ChunkBytes, 100));
        Assert.True(value.TryCommit(1, spaces[1], checksum: null));
        store.PutLarge("k", value, EntryFlags.Clean);

        Assert.Equal(bytes, await store.GetAsync("k"));
        foreach (var (offset, most) in new[] { (0, int.MaxValue), (IBlobStore.ChunkBytes, 1000), (IBlobStore.ChunkBytes + 7, int.MaxValue), (2 * IBlobStore.ChunkBytes, int.MaxValue) })
        {
            MemoryPiece piece = value.TryLocate(offset, most);
            byte[] there = SharedFile.Read(store.Shared, piece);
            Assert.Equal(bytes[offset..(offset + there.Length)], there);
            LentBytes lent = value.TryLend(offset, most);
            Assert.Equal(there, lent.Span.ToArray());
            lent.Return();
            Assert.Equal((Math.Min(most, Math.Min(IBlobStore.ChunkBytes - (offset % IBlobStore.ChunkBytes), bytes.Length - offset)), Crc32C.Append(0, there)), (there.Length, piece.Checksum));
        }

        Assert.Equal(default, value.TryLocate(bytes.Length, 1));
        Assert.Equal(default, value.TryLend(bytes.Length, 1));
        value.Release();
    }

    [Fact]
    public async Task Memory_for_a_chunk_goes_back_where_the_chunk_came_otherwise_or_nobody_wants_it()
    {
        long before = store.Statistics.MemoryBytes;
        byte[] bytes = RandomNumberGenerator.GetBytes(IBlobStore.ChunkBytes);
        ILargeValue value = store.Stage(2 * IBlobStore.ChunkBytes);
        nint here = value.TryTakeSpace(0), late = value.TryTakeSpace(1), unused = value.TryTakeSpace(1);
        Assert.Null(await value.WriteChunkAsync(0, bytes, default));

        Assert.True(value.TryCommit(0, here, checksum: null));
        byte[] read = new byte[IBlobStore.ChunkBytes];
        Assert.Equal(bytes.Length, value.TryRead(0, read));
        value.Release();
        Assert.True(value.TryCommit(1, late, checksum: null));
        value.ReturnSpace(1, unused);

        Assert.Equal(bytes, read);
        Assert.InRange(store.Statistics.MemoryBytes, before, before + 1000); // less than a chunk: a log's list of its records may have grown
    }

    [Fact]
    public async Task A_partial_origin_object_tells_which_chunks_are_here()
    {
        ILargeValue partial = store.Stage(200_000);
        partial.Origin = new OriginStamp(42, 1);
        byte[] chunk = RandomNumberGenerator.GetBytes(IBlobStore.ChunkBytes);
        Assert.Null(await partial.WriteChunkAsync(1, chunk, default));
        store.PutLarge("k", partial, EntryFlags.Clean);

        Assert.False(partial.HasChunk(0));
        Assert.True(partial.HasChunk(1));
        Assert.Equal(1, partial.ChunksPresent);
        var buffer = new byte[100];
        Result<int> missing = await partial.ReadAsync(0, buffer, default);
        Assert.Equal(CacheErrorCode.NotFound, missing.Error?.Code);
        Result<int> here = await partial.ReadAsync(IBlobStore.ChunkBytes + 10, buffer, default);
        Assert.Equal(100, here.Value);
        Assert.Equal(chunk[10..110], buffer);
        partial.Release();
    }

    [Fact]
    public async Task A_model_of_random_commands_agrees()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        var model = new Dictionary<string, byte[]>();
        for (int step = 0; step < 20_000; step++)
        {
            string key = $"key:{random.Next(300)}";
            switch (random.Next(10))
            {
                case < 5:
                    var value = new byte[random.Next(20) == 0 ? random.Next(100_000) : random.Next(600)];
                    random.NextBytes(value);
                    await store.SetAsync(key, value);
                    model[key] = value;
                    break;
                case < 7:
                    Assert.True(store.Delete(key) == model.Remove(key), $"seed {seed}, step {step}: DEL {key}");
                    break;
                default:
                    byte[]? found = await store.GetAsync(key);
                    byte[]? expected = model.GetValueOrDefault(key);
                    Assert.True(
                        (found == null) == (expected == null) && (found == null || found.AsSpan().SequenceEqual(expected)),
                        $"seed {seed}, step {step}: GET {key}");
                    break;
            }
        }

        Assert.Equal(model.Count, store.Count(0));
    }

    private sealed class KeyCollector(HashSet<string> seen) : IEntryVisitor
    {
        public void Visit(int database, in EntryRef entry) => seen.Add(Encoding.UTF8.GetString(entry.Key));
    }
}
