using System.Text;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Storage.Tests.Log;

namespace Hal.Cache.Storage.Tests.Objects;

/// <summary>Objects whose records are damaged, torn, tied together, or too many for the log's buffer.</summary>
public sealed class ObjectDamageTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Object_with_a_lost_change_is_dropped_and_counted_and_others_stay()
    {
        await using (IBlobStore store = Open("a"))
        {
            await store.PutObjectAsync("hurt", new Multimap());
            await store.PutObjectAsync("whole", new Multimap());
            foreach (string mark in new[] { "FIRST-MARK", "SECOND-MARK", "THIRD-MARK" })
            {
                await store.ChangeAsync("hurt", Multimap.Append("x", Encoding.ASCII.GetBytes(mark)));
                await store.ChangeAsync("whole", Multimap.Append("x", "1"u8));
            }
        }

        Damage("a", "SECOND-MARK");

        await using IBlobStore again = Open("a");
        Assert.Null(await again.GetObjectAsync("hurt"));
        Assert.Equal(3, (await again.GetObjectAsync("whole"))!["x"].Count);
        Assert.Equal(2, again.Statistics.Corrupt); // the record, and the object that misses it
        await again.PutObjectAsync("hurt", new Multimap());
        Assert.True(await again.ChangeAsync("hurt", Multimap.Append("x", "1"u8)));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(400_000)]
    public async Task Damaged_base_is_an_error_for_who_asks_and_can_be_replaced(int ballast)
    {
        await using (IBlobStore store = Open("a"))
        {
            var map = new Multimap();
            map.TryApply(Multimap.Append("a", "BASE-MARK"u8));
            map.TryApply(Multimap.Append("b", new byte[ballast]));
            await store.PutObjectAsync("other", ObjectProcessTests.Filled(1, 3, 10));
            await store.PutObjectAsync("hurt", map);
        }

        await using (IBlobStore store = Open("a"))
        {
            Damage("a", "BASE-MARK");
            Result<Multimap?> read = await store.TryGetObjectAsync("hurt");
            Assert.Equal(CacheErrorCode.Corrupt, read.Error?.Code);
            Assert.True(store.Statistics.Corrupt > 0);
            Assert.NotNull(await store.GetObjectAsync("other"));
            await store.PutObjectAsync("hurt", new Multimap());
            Assert.Equal(0, (await store.GetObjectAsync("hurt"))!.Count);
        }

        await using IBlobStore again = Open("a");
        Assert.Equal(0, (await again.GetObjectAsync("hurt"))!.Count);
    }

    [Fact]
    public async Task Changes_of_one_command_survive_a_crash_all_or_none()
    {
        await using IBlobStore store = Open("a");
        await store.PutObjectAsync("one", new Multimap());
        await store.PutObjectAsync("two", new Multimap());
        WriteScope scope = default;
        store.Lock(store.AllShards);
        store.Begin(ref scope);
        Append(store, "one", ref scope);
        Append(store, "two", ref scope);
        store.Unlock(store.AllShards);
        Assert.Null(await store.WaitForCommitAsync(scope.Address, default));

        await using (IBlobStore before = Open(temp.CopyOf(temp.Sub("a"), "before")))
        {
            Assert.Equal(0, (await before.GetObjectAsync("one"))!.Count);
            Assert.Equal(0, (await before.GetObjectAsync("two"))!.Count);
        }

        store.Complete(ref scope);
        Assert.Null(await store.WaitForCommitAsync(scope.Address, default));
        await using IBlobStore after = Open(temp.CopyOf(temp.Sub("a"), "after"));
        Assert.Equal(1, (await after.GetObjectAsync("one"))!.Count);
        Assert.Equal(1, (await after.GetObjectAsync("two"))!.Count);
    }

    [Fact]
    public async Task More_changes_under_one_lock_than_the_buffer_takes_are_all_made_and_survive()
    {
        var model = new Multimap();
        await using (IBlobStore store = Open("a"))
        {
            await store.PutObjectAsync("k", new Multimap());
            byte[] name = "k"u8.ToArray();
            ulong hash = store.Hash(name);
            WriteScope scope = default;
            store.Lock(store.ShardOf(hash));
            var key = new BlobKey(0, name, hash);
            Assert.Equal(StoreStatus.Done, store.Reserve(key, 30 << 20));
            var map = (Multimap)store.Object(store.Find(key, ref scope));
            for (int step = 0; step < 400; step++)
            {
                byte[] change = step % 4 == 3 ? Multimap.Remove($"x{step - 1}") : Multimap.Append($"x{step}", new byte[100_000]);
                model.TryApply(change);
                Assert.True(map.TryApply(change));
                store.Change(key, change, ref scope);
            }

            store.Unlock(store.ShardOf(hash));
            Assert.Null(await store.WaitForCommitAsync(scope.Address, default));
            await using IBlobStore crashed = Open(temp.CopyOf(temp.Sub("a"), "crashed"));
            Assert.True(model.IsSame((await crashed.GetObjectAsync("k"))!));
        }

        await using IBlobStore again = Open("a");
        Assert.True(model.IsSame((await again.GetObjectAsync("k"))!));
    }

    private static void Append(IBlobStore store, string key, ref WriteScope scope)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        var blobKey = new BlobKey(0, name, store.Hash(name));
        Assert.Equal(StoreStatus.Done, store.Reserve(blobKey, 10));
        byte[] change = Multimap.Append("x", "1"u8);
        Assert.True(store.Object(store.Find(blobKey, ref scope)).TryApply(change));
        store.Change(blobKey, change, ref scope);
    }

    private void Damage(string name, string mark)
    {
        foreach (string path in Directory.EnumerateFiles(Path.Combine(temp.Sub(name), "log"), "*.log"))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(mark));
            if (at < 0)
                continue;
            file.Position = at;
            file.WriteByte((byte)'x');
            return;
        }

        Assert.Fail($"{mark} is not in the log");
    }

    private IBlobStore Open(string name)
    {
        var options = new BlobStoreOptions
        {
            Directory = temp.Sub(name), MemoryBytes = 128 << 20, DiskBytes = 1L << 30, ObjectCodec = new MultimapCodec(),
        };
        return BlobStores.Open(options, new KeepRecentPolicy(true), TimeProvider.System).Value;
    }
}
