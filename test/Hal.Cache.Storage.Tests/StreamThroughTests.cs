using System.Collections.Concurrent;
using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Storage.Eviction;

namespace Hal.Cache.Storage.Tests;

/// <summary>Large copies that are read once go through a full store on disk without being read or written again; what is read more often stays whole.</summary>
public sealed class StreamThroughTests : IDisposable
{
    private const int ValueBytes = 1 << 20;
    private const int Seed = 23;

    private static readonly int Values = (int)(2 * BlobStoreOptions.DiskBytesMin / ValueBytes);

    private readonly string directory = Directory.CreateTempSubdirectory("hal-stream-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData("lru")]
    [InlineData("lfu")]
    [InlineData("s3fifo")]
    public async Task What_is_read_once_is_never_moved(string policy)
    {
        await using IBlobStore store = Open(policy);
        for (int index = 0; index < Values; index++)
            await BringAsync(store, $"once{index}");

        Assert.True(Has(store, $"once{Values - 1}"));
        Assert.False(Has(store, "once0"), "The store was never full.");
        Assert.Equal(0, store.Statistics.RewrittenBytes);
        Assert.Equal(0, store.Statistics.Corrupt);
    }

    [Theory]
    [InlineData("lru")]
    [InlineData("lfu")]
    [InlineData("s3fifo")]
    public async Task What_is_read_again_stays_and_has_all_its_bytes(string policy)
    {
        await using IBlobStore store = Open(policy);
        await BringAsync(store, "again");
        for (int index = 0; index < 2 * Values; index++)
        {
            await BringAsync(store, $"once{index}");
            Assert.True(Has(store, "again"), $"It went behind {index} others.");
            Read(store, "again");
        }

        Assert.False(Has(store, "once0"), "The store was never full.");
        Assert.InRange(store.Statistics.RewrittenBytes, ValueBytes, long.MaxValue); // its chunks lay at the log's old end
        Assert.Equal(BytesOf("again"), await BytesAsync(store, "again"));
    }

    [Fact]
    public async Task After_a_restart_a_full_log_is_walked_as_before()
    {
        await using (IBlobStore store = Open("lru"))
        {
            for (int index = 0; index < Values / 2; index++)
                await BringAsync(store, $"once{index}");
            Assert.Null(await store.SaveAsync(CancellationToken.None));
        }

        await using IBlobStore again = Open("lru");
        string[] held = [.. Enumerable.Range(0, Values / 2).Select(index => $"once{index}").Where(key => Has(again, key))];
        Assert.NotEmpty(held);
        Assert.Equal(BytesOf(held[^1]), await BytesAsync(again, held[^1]));
        for (int index = 0; index < Values; index++)
            await BringAsync(again, $"later{index}");

        Assert.DoesNotContain(held, key => Has(again, key));
        Assert.Equal(0, again.Statistics.Corrupt);
        Assert.Equal(BytesOf($"later{Values - 1}"), await BytesAsync(again, $"later{Values - 1}"));
    }

    [Fact]
    public async Task All_parts_of_a_value_have_one_fate_in_a_walk()
    {
        var policy = new AskedPolicy();
        await using IBlobStore store = Open(policy);
        for (int index = 0; index < Values; index++)
            await BringAsync(store, $"once{index}");

        Assert.NotEmpty(policy.Asks);
        Assert.All(policy.Asks, asked => Assert.True(asked.Value == 1, $"{asked.Key} was asked about {asked.Value} times"));
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task The_read_that_a_copy_is_brought_for_is_no_use_of_it(bool isCopy, int uses)
    {
        await using IBlobStore store = Open("s3fifo");
        if (isCopy)
            await BringAsync(store, "k");
        else
            await store.SetAsync("k", new byte[ValueBytes]);
        if (!isCopy)
            Read(store, "k");

        Assert.Equal(uses, With(store, "k", entry => store.UsageOf(entry).Frequency));
        Read(store, "k");
        Assert.Equal(uses + 1, With(store, "k", entry => store.UsageOf(entry).Frequency));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_to_be_read_again_is_dropped_and_not_written_unless_it_is_guarded(bool isGuarded)
    {
        await using IBlobStore store = Open("lru");
        if (isGuarded)
            store.SetGuard(new EveryKey());
        int values = (int)(2 * BlobStoreOptions.MemoryBytesMin / ValueBytes);
        for (int index = 0; index < values; index++)
            await BringAsync(store, $"near{index}", isSpilled: false);

        Assert.Equal(isGuarded, Has(store, "near0")); // all chunks, in memory or in the log
        Assert.Equal(isGuarded, store.Statistics.Spilled > 0);
        string last = $"near{values - 1}";
        Assert.Equal(BytesOf(last), await BytesAsync(store, last));
        Assert.Null(await store.SaveAsync(CancellationToken.None));
        Assert.Equal(isGuarded, store.Statistics.DiskBytes > BlobStoreOptions.MemoryBytesMin / 2);
    }

    private IBlobStore Open(string policy) => Open(EvictionPolicies.Create(policy, Seed));

    private IBlobStore Open(IEvictionPolicy policy) => BlobStores.Open(
        new BlobStoreOptions
        {
            Directory = directory, MemoryBytes = BlobStoreOptions.MemoryBytesMin, DiskBytes = BlobStoreOptions.DiskBytesMin, Durability = StoreDurability.None,
        },
        policy, TimeProvider.System).Value;

    private static byte[] BytesOf(string key)
    {
        var bytes = new byte[ValueBytes];
        new Random(key.Aggregate(Seed, (sum, letter) => unchecked((sum * 31) + letter))).NextBytes(bytes);
        return bytes;
    }

    /// <summary>As a fetch does it: the entry first, then its chunks, then the read that wanted it.</summary>
    private static async Task BringAsync(IBlobStore store, string key, bool isSpilled = true)
    {
        byte[] bytes = BytesOf(key);
        ILargeValue value = store.Stage(ValueBytes);
        (value.Origin, value.IsSpilled) = (new OriginStamp(1, 1), isSpilled);
        store.PutLarge(key, value, EntryFlags.Clean);
        for (int index = 0; index < value.ChunkCount; index++)
            Assert.Null(await value.WriteChunkAsync(index, bytes.AsMemory(index * IBlobStore.ChunkBytes, IBlobStore.ChunkBytes), CancellationToken.None));
        value.Release();
        Read(store, key);
    }

    private static void Read(IBlobStore store, string key) => With(store, key, entry =>
    {
        if (!entry.IsNone)
            store.Touch(entry);
        return true;
    });

    private static bool Has(IBlobStore store, string key) =>
        With(store, key, entry => !entry.IsNone && store.Large(entry) is var value && value.ChunksPresent == value.ChunkCount);

    private static async Task<byte[]> BytesAsync(IBlobStore store, string key)
    {
        ILargeValue value = With(store, key, entry =>
        {
            ILargeValue held = store.Large(entry);
            held.Retain();
            return held;
        });
        var bytes = new byte[ValueBytes];
        for (int done = 0; done < bytes.Length;)
            done += (await value.ReadAsync(done, bytes.AsMemory(done), CancellationToken.None)).Value;
        value.Release();
        return bytes;
    }

    private static T With<T>(IBlobStore store, string key, Func<EntryRef, T> use)
    {
        byte[] name = Encoding.UTF8.GetBytes(key);
        ulong hash = store.Hash(name);
        WriteScope scope = default;
        store.Lock(store.ShardOf(hash));
        try
        {
            return use(store.Find(new BlobKey(0, name, hash), ref scope));
        }
        finally
        {
            store.Unlock(store.ShardOf(hash));
        }
    }

    /// <summary>Keeps nothing, and counts how often each key at the log's old end is asked about.</summary>
    private sealed class AskedPolicy : IEvictionPolicy
    {
        public ConcurrentDictionary<string, int> Asks { get; } = new();

        public string Name => "asked";

        public bool KeepsAll => false;

        public void Added(in EntryRef entry, uint clock)
        {
        }

        public void Read(in EntryRef entry, uint clock)
        {
        }

        public void Removed(in EntryRef entry)
        {
        }

        public bool Keep(in EntryRef entry, in ReclaimContext reclaim)
        {
            if (reclaim.IsOldest)
                Asks.AddOrUpdate(Encoding.UTF8.GetString(entry.Key), 1, (_, count) => count + 1);
            return false;
        }
    }

    private sealed class EveryKey : IEvictionGuard
    {
        public bool Keeps(in BlobKey key) => true;
    }
}
