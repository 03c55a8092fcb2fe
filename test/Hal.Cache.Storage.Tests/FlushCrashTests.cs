using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Storage.Tests.Log;

namespace Hal.Cache.Storage.Tests;

/// <summary>Databases that are emptied and exchanged within atomic changes, over restarts.</summary>
public sealed class FlushCrashTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task What_an_atomic_change_wrote_and_emptied_is_nobodys_again()
    {
        await using (IBlobStore store = Open("a"))
        {
            WriteScope scope = default;
            store.Lock(store.AllShards);
            store.Begin(ref scope);
            Put(store, 0, "ghost", ref scope);
            store.Flush(0, ref scope);
            store.Complete(ref scope);
            store.Unlock(store.AllShards);
        }

        await using (IBlobStore next = Open("a"))
        {
            await next.SetAsync("z", [1], database: 5);
            Flush(next, 5); // takes the first space that is free: the one that the change left
        }

        await using IBlobStore again = Open("a");
        for (int database = 0; database < IBlobStore.Databases; database++)
            Assert.Equal(0, again.Count(database));
    }

    [Fact]
    public async Task A_change_that_empties_a_database_survives_a_crash_all_or_none()
    {
        await using IBlobStore store = Open("a");
        await store.SetAsync("old", [1]);
        WriteScope scope = default;
        store.Lock(store.AllShards);
        store.Begin(ref scope);
        store.Flush(0, ref scope);
        Put(store, 0, "new", ref scope);
        store.Unlock(store.AllShards);
        Assert.Null(await store.WaitForCommitAsync(scope.Address, default));

        await using (IBlobStore before = Open(temp.CopyOf(temp.Sub("a"), "before")))
        {
            Assert.NotNull(await before.GetAsync("old"));
            Assert.Null(await before.GetAsync("new"));
            Flush(before, 0);
            await before.SetAsync("newer", [1]);
        }

        store.Complete(ref scope);
        Assert.Null(await store.WaitForCommitAsync(scope.Address, default));
        await using IBlobStore after = Open(temp.CopyOf(temp.Sub("a"), "after"));
        Assert.Null(await after.GetAsync("old"));
        Assert.NotNull(await after.GetAsync("new"));
        await using IBlobStore later = Open("before");
        Assert.Equal(1, later.Count(0));
        Assert.NotNull(await later.GetAsync("newer"));
    }

    [Fact]
    public async Task A_change_that_exchanges_databases_survives_a_crash_all_or_none()
    {
        await using IBlobStore store = Open("a");
        await store.SetAsync("k", [1], database: 1);
        WriteScope scope = default;
        store.Lock(store.AllShards);
        store.Begin(ref scope);
        store.Swap(0, 1, ref scope);
        Put(store, 1, "k", ref scope);
        store.Unlock(store.AllShards);
        Assert.Null(await store.WaitForCommitAsync(scope.Address, default));

        await using (IBlobStore before = Open(temp.CopyOf(temp.Sub("a"), "before")))
            Assert.Equal((0, 1), (before.Count(0), before.Count(1)));
        store.Complete(ref scope);
        Assert.Null(await store.WaitForCommitAsync(scope.Address, default));
        await using IBlobStore after = Open(temp.CopyOf(temp.Sub("a"), "after"));
        Assert.Equal((1, 1), (after.Count(0), after.Count(1)));
        Assert.Equal([1], await after.GetAsync("k"));
        Assert.Equal([2], await after.GetAsync("k", database: 1));
    }

    /// <summary>The maps' records lie at the log's old end, which is truncated, before the change has ended.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_map_outlives_its_record(bool ends)
    {
        const int Overwrites = 4000;
        await using (IBlobStore store = Open("a"))
        {
            await store.SetAsync("gone", [1], database: 2);
            Flush(store, 2);
            await store.SetAsync("kept", [1], database: 2);
            await store.SetAsync("k", [1]);
            WriteScope scope = default;
            store.Lock(store.AllShards);
            store.Begin(ref scope);
            store.Swap(0, 1, ref scope);
            store.Unlock(store.AllShards);
            byte[] value = new byte[100_000];
            for (int i = 0; i < Overwrites; i++)
                await store.SetAsync($"k{i % 10}", value, database: 3);
            if (ends)
                store.Complete(ref scope);
        }

        await using IBlobStore again = Open("a");
        Assert.Equal(ends ? (0, 1) : (1, 0), (again.Count(0), again.Count(1)));
        Assert.NotNull(await again.GetAsync("kept", database: 2));
        Assert.Equal((1, 10), (again.Count(2), again.Count(3)));
    }

    /// <summary>Reclaiming walks over all that a change has written, and over what it emptied, before it has ended.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_change_that_empties_a_database_outlives_its_records(bool ends)
    {
        const int Overwrites = 4000;
        await using (IBlobStore store = Open("a"))
        {
            Flush(store, 0);
            await store.SetAsync("old", [1]);
            WriteScope scope = default;
            store.Lock(store.AllShards);
            store.Begin(ref scope);
            store.Flush(0, ref scope);
            Put(store, 0, "new", ref scope);
            store.Unlock(store.AllShards);
            byte[] value = new byte[100_000];
            for (int i = 0; i < Overwrites; i++)
                await store.SetAsync($"k{i % 10}", value, database: 3);
            if (ends)
                store.Complete(ref scope);
        }

        await using IBlobStore again = Open("a");
        Assert.Equal((1, 10), (again.Count(0), again.Count(3)));
        Assert.NotNull(await again.GetAsync(ends ? "new" : "old"));
    }

    private static void Flush(IBlobStore store, int database)
    {
        WriteScope scope = default;
        store.Lock(store.AllShards);
        store.Flush(database, ref scope);
        store.Unlock(store.AllShards);
    }

    private static void Put(IBlobStore store, int database, string key, ref WriteScope scope)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        Assert.Equal(StoreStatus.Done, store.Put(new BlobKey(database, name, store.Hash(name)), BlobType.String, [2], 0, EntryFlags.None, ref scope));
    }

    private IBlobStore Open(string name)
    {
        var options = new BlobStoreOptions
        {
            Directory = temp.Sub(name), MemoryBytes = BlobStoreOptions.MemoryBytesMin, DiskBytes = BlobStoreOptions.DiskBytesMin, Durability = StoreDurability.Commit,
        };
        Result<IBlobStore> store = BlobStores.Open(options, new KeepRecentPolicy(keepsAll: true), TimeProvider.System);
        Assert.True(store.IsOk, store.Error?.ToString());
        return store.Value;
    }
}
