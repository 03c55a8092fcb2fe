using System.Text;
using Hal.Cache.Contracts.Instances;

namespace Hal.Cache.ControlPlane.Http.Tests;

/// <summary>An instance with the keys it is given; cursors are positions, and hand over three keys at a time at least, as a bucket would.</summary>
internal sealed class FakeInstance(string name, IReadOnlyList<(int Database, byte[] Key, long Bytes)> objects) : IInstance, IInventory
{
    private const int Bucket = 3;

    public static FakeInstance WithKeys(string name, params string[] keys) =>
        new(name, [.. keys.Select((k, i) => (0, Encoding.UTF8.GetBytes(k), 100L + i))]);

    public static FakeInstance WithManyKeys(string name, int count) =>
        new(name, [.. Enumerable.Range(0, count).Select(i => (0, Encoding.ASCII.GetBytes($"key:{i:D12}"), (long)i))]);

    public string Name => name;

    public InstanceRole Role => InstanceRole.Root;

    public string RespAddress => "127.0.0.1:6379";

    public IInventory Inventory => this;

    public InstanceHealth Health { get; set; } = InstanceHealth.Ready;

    public bool Broken { get; set; }

    public int LargestRead { get; private set; }

    public InstanceStatus Status() => Broken ? throw new InvalidOperationException("broken on purpose") : new InstanceStatus
    {
        Health = Health,
        Reason = Health == InstanceHealth.Ready ? null : "told by the test",
        Keys = objects.Count,
        MemoryBytes = 1,
        MemoryLimitBytes = 2,
        DiskBytes = 3,
        DiskLimitBytes = 4,
    };

    public ulong Read(ulong cursor, int max, IInventorySink sink)
    {
        LargestRead = Math.Max(LargestRead, max);
        var at = (int)Math.Min(cursor, (ulong)objects.Count);
        var end = Math.Min(objects.Count, at + Math.Max(max, Bucket));
        for (; at < end; at++) sink.Add(objects[at].Database, objects[at].Key, objects[at].Bytes);
        return at == objects.Count ? 0 : (ulong)at;
    }
}
