using System.Globalization;
using System.Text;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Instances;

namespace Hal.Cache.Benchmarks.Load.Plane;

/// <summary>A control plane in this process, and instances that only report: each key is held by one of them.</summary>
internal sealed class SimulatedTree : IAsyncDisposable
{
    private const int Fan = 4;
    private const int BatchKeys = 4096;
    private const long ObjectBytes = 1 << 20;

    /// <summary>Nobody sends heartbeats here.</summary>
    private static readonly InstanceOptions Patient = new() { Heartbeat = TimeSpan.FromHours(1), Lease = TimeSpan.FromHours(2), GoneAfter = TimeSpan.FromHours(3) };

    private readonly InProcessControlPlane plane;
    private readonly long[] sequences;

    private SimulatedTree(InProcessControlPlane plane, int instances) => (this.plane, sequences) = (plane, new long[instances]);

    public IControlPlane Plane => plane;

    public int Instances => sequences.Length;

    public static int KeyBytes { get; } = Key(0).Bytes.Length;

    public static async Task<SimulatedTree> StartAsync(int instances, CancellationToken cancel)
    {
        var plane = await InProcessControlPlane.StartAsync(new ControlPlaneOptions { Instances = Patient }, null, TimeProvider.System, new Random(1), cancel);
        if (!plane.IsOk)
            throw new BenchmarkException($"the control plane did not start: {plane.Error.Message}");
        var tree = new SimulatedTree(plane.Value, instances);
        for (var i = 0; i < instances; i++)
        {
            var registration = new InstanceRegistration
            {
                Name = Name(i),
                Role = i == 0 ? InstanceRole.Root : InstanceRole.Leaf,
                Parent = i == 0 ? null : Name((i - 1) / Fan),
                Silo = "simulated",
                Epoch = 1,
                RespAddress = "127.0.0.1:1",
            };
            var answer = await tree.Plane.Instances.RegisterAsync(registration, cancel);
            if (!answer.IsOk)
                throw new BenchmarkException($"an instance was not registered: {answer.Error.Message}");
        }
        return tree;
    }

    public static string Name(int instance) => string.Create(CultureInfo.InvariantCulture, $"i{instance}");

    public static CacheKey Key(int number) => new(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"dataset/train/part-{number:D8}")));

    /// <summary>Has the instances report keys 0 to <paramref name="keys"/> - 1, in turn.</summary>
    public async Task LoadAsync(int keys, CancellationToken cancel)
    {
        for (var first = 0; first < keys; first += BatchKeys)
            await ReportAsync(Batch(first / BatchKeys % Instances, [.. Enumerable.Range(first, Math.Min(BatchKeys, keys - first)).Select(Key)], []), cancel);
    }

    /// <summary>An instance's next batch: what came, and what was evicted. One caller at a time for each instance.</summary>
    public EventBatch Batch(int instance, IReadOnlyList<CacheKey> added, IReadOnlyList<CacheKey> evicted)
    {
        var events = new List<ChangeEvent>(2);
        if (added.Count > 0)
            events.Add(Change() with { KeysAdded = added, KeySizes = [.. Enumerable.Repeat(ObjectBytes, added.Count)], KeyVersions = [.. Enumerable.Repeat(1L, added.Count)] });
        if (evicted.Count > 0)
            events.Add(Change() with { KeysEvicted = evicted });
        return new EventBatch { Instance = Name(instance), Epoch = 1, Events = events };

        ChangeEvent Change() => new() { Instance = Name(instance), Epoch = 1, Sequence = ++sequences[instance], Timestamp = DateTimeOffset.UtcNow };
    }

    public async Task ReportAsync(EventBatch batch, CancellationToken cancel)
    {
        var answer = await Plane.Events.ReportAsync(batch, cancel);
        if (!answer.IsOk)
            throw new BenchmarkException($"a batch was refused: {answer.Error.Message}");
    }

    public ValueTask DisposeAsync() => plane.DisposeAsync();
}
