using System.Text;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Instances;
using Hal.Cache.Node.Tests.Support;

namespace Hal.Cache.Node.Tests.Instances;

public sealed class CacheInstanceTests
{
    [Fact]
    public async Task Inventory_tells_every_key_with_its_bytes_in_batches()
    {
        await using var rig = new Rig();
        rig.Memory.Put("large", Rig.Bytes(500_000));
        await rig.ReadAsync("o/large");
        for (int number = 0; number < 10_000; number++)
            Put(rig.Store, number % 2, Encoding.UTF8.GetBytes($"key:{number}"), new byte[100]);
        var sink = new Sink();

        int batches = ReadAll(new CacheInstance("i", InstanceRole.Root, rig.Store).Inventory, 100, sink);

        Assert.True(batches > 50);
        Assert.Equal(10_001, sink.Found.Count);
        Assert.Equal(EntryHeader.Bytes + "key:7".Length + 100, sink.Found[(1, "key:7")]);
        Assert.True(sink.Found[(0, "o/large")] >= 500_000);
    }

    [Fact]
    public async Task Inventory_of_a_million_keys_tells_them_all()
    {
        await using var rig = new Rig(memoryBytes: 512L << 20);
        var key = new byte[12];
        for (int number = 0; number < 1_000_000; number++)
        {
            BitConverter.TryWriteBytes(key, number);
            Put(rig.Store, 0, key, key);
        }

        IInventory inventory = new CacheInstance("i", InstanceRole.Root, rig.Store).Inventory;
        var counter = new Counter();
        ReadAll(inventory, IInventory.BatchMax, counter);

        Assert.True(counter.Count >= 1_000_000);
    }

    [Fact]
    public async Task Status_tells_sizes_and_life()
    {
        await using var rig = new Rig();
        Put(rig.Store, 0, "a"u8, "b"u8);
        var instance = new CacheInstance("i", InstanceRole.Leaf, rig.Store);

        InstanceStatus ready = instance.Status();
        instance.Lifecycle = InstanceHealth.Draining;

        Assert.Equal((InstanceHealth.Ready, null, 1L), (ready.Health, ready.Reason, ready.Keys));
        Assert.Equal((InstanceHealth.Draining, true), (instance.Status().Health, instance.Status().Reason != null));
        Assert.InRange(ready.MemoryBytes, 1, ready.MemoryLimitBytes);
    }

    private static int ReadAll(IInventory inventory, int max, IInventorySink sink)
    {
        int batches = 0;
        ulong cursor = 0;
        do
        {
            cursor = inventory.Read(cursor, max, sink);
            batches++;
        }
        while (cursor != 0);
        return batches;
    }

    private static void Put(IBlobStore store, int database, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        ulong hash = store.Hash(key);
        var scope = default(WriteScope);
        store.Lock(store.ShardOf(hash));
        StoreStatus status = store.Put(new BlobKey(database, key, hash), BlobType.String, value, 0, EntryFlags.None, ref scope);
        store.Unlock(store.ShardOf(hash));
        Assert.Equal(StoreStatus.Done, status);
    }

    private sealed class Sink : IInventorySink
    {
        public Dictionary<(int, string), long> Found { get; } = [];

        public void Add(int database, ReadOnlySpan<byte> key, long bytes) => Found[(database, Encoding.UTF8.GetString(key))] = bytes;
    }

    private sealed class Counter : IInventorySink
    {
        public int Count { get; private set; }

        public void Add(int database, ReadOnlySpan<byte> key, long bytes) => Count++;
    }
}
