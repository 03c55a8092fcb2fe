using Hal.Cache.Benchmarks.Load.Plane;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;

namespace Hal.Cache.Benchmarks.Load.Cluster;

/// <summary>A few instances that only report, to a control plane wherever it is, and keep their leases.</summary>
internal sealed class ReportingInstances : IAsyncDisposable
{
    private const int Count = 4;
    private const int BatchKeys = 1000;
    private const long ObjectBytes = 1 << 20;

    private static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(1);

    private readonly IControlPlane plane;
    private readonly CancellationTokenSource ends = new();
    private readonly long[] sequences = new long[Count];
    private Task heartbeats = Task.CompletedTask;

    private ReportingInstances(IControlPlane plane) => this.plane = plane;

    public static async Task<ReportingInstances> StartAsync(IControlPlane plane, CancellationToken cancel)
    {
        var instances = new ReportingInstances(plane);
        for (var i = 0; i < Count; i++)
        {
            var registration = new InstanceRegistration
            {
                Name = SimulatedTree.Name(i),
                Role = i == 0 ? InstanceRole.Root : InstanceRole.Leaf,
                Parent = i == 0 ? null : SimulatedTree.Name(0),
                Silo = "simulated",
                Epoch = 1,
                RespAddress = "127.0.0.1:1",
            };
            var answer = await plane.Instances.RegisterAsync(registration, cancel);
            if (!answer.IsOk)
                throw new BenchmarkException($"an instance was not registered: {answer.Error.Message}");
        }
        instances.heartbeats = Task.Run(instances.BeatAsync, cancel);
        return instances;
    }

    /// <summary>Reports keys in batches of 1,000, each instance after the other; answers the keys in a second.</summary>
    public async Task<double> ReportAsync(int first, int keys, CancellationToken cancel)
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        for (var from = first; from < first + keys; from += BatchKeys)
        {
            var instance = from / BatchKeys % Count;
            var count = Math.Min(BatchKeys, first + keys - from);
            var change = new ChangeEvent
            {
                Instance = SimulatedTree.Name(instance),
                Epoch = 1,
                Sequence = ++sequences[instance],
                Timestamp = DateTimeOffset.UtcNow,
                KeysAdded = [.. Enumerable.Range(from, count).Select(SimulatedTree.Key)],
                KeySizes = [.. Enumerable.Repeat(ObjectBytes, count)],
                KeyVersions = [.. Enumerable.Repeat(1L, count)],
            };
            var answer = await plane.Events.ReportAsync(new EventBatch { Instance = change.Instance, Epoch = 1, Events = [change] }, cancel);
            if (!answer.IsOk)
                throw new BenchmarkException($"a batch was refused: {answer.Error.Message}");
        }
        return keys / System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        await ends.CancelAsync();
        await heartbeats;
        ends.Dispose();
    }

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(HeartbeatEvery);
        try
        {
            for (long number = 1; await timer.WaitForNextTickAsync(ends.Token); number++)
            {
                for (var i = 0; i < Count; i++)
                    await plane.Instances.HeartbeatAsync(new Heartbeat { Instance = SimulatedTree.Name(i), Epoch = 1, Number = number }, ends.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }
}
