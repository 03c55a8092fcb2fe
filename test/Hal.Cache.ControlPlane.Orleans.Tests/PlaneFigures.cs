using System.Diagnostics;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>What a call costs in this process, from a silo, and from a client of the cluster; printed, since machines differ.</summary>
[Collection(ClusterCollection.Name)]
public sealed class PlaneFigures(ClusterFixture cluster, ITestOutputHelper output)
{
    private const int Calls = 3000;
    private const int Keys = 1000;

    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task Locate_and_reports_side_by_side()
    {
        await using var inProcess = (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), null, TimeProvider.System, new Random(1), None)).Value;
        var silo = cluster.Cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>();

        await MeasureAsync("in process", inProcess);
        await MeasureAsync("client, 3 silos", cluster.Plane(NewTree()));
        await MeasureAsync("a silo, 3 silos", new OrleansControlPlane(silo, new OrleansPlaneOptions { Tree = NewTree() }, TimeProvider.System));
    }

    // Of its own for each, since events that a tree has taken cost it nothing.
    private string NewTree() => cluster.Resources.Add(TimeProvider.System, null);

    private async Task MeasureAsync(string host, IControlPlane plane)
    {
        Assert.True((await plane.Instances.RegisterAsync(new InstanceRegistration { Name = "root", Role = InstanceRole.Root, Silo = "s", Epoch = 1, RespAddress = "127.0.0.1:1" }, None)).IsOk);
        CacheKey[] keys = [.. Enumerable.Range(0, Keys).Select(i => CacheKey.FromText($"imagenet/train/{i:D6}"))];
        var watch = Stopwatch.StartNew();
        for (var batch = 1; batch <= 10; batch++)
        {
            var change = new ChangeEvent
            {
                Instance = "root", Epoch = 1, Sequence = batch, Timestamp = DateTimeOffset.UnixEpoch,
                KeysAdded = keys, KeySizes = [.. Enumerable.Repeat(1000L, Keys)], KeyVersions = [.. Enumerable.Repeat((long)batch, Keys)],
            };
            Assert.True((await plane.Events.ReportAsync(new EventBatch { Instance = "root", Epoch = 1, Events = [change] }, None)).IsOk);
        }
        output.WriteLine($"{host}: {10 * Keys / watch.Elapsed.TotalSeconds:N0} key changes/s in batches of {Keys}");
        foreach (var callers in new[] { 1, 64 })
        {
            watch.Restart();
            var times = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => LocateAsync(plane, keys, caller, Calls / callers))));
            var all = times.SelectMany(t => t).Order().ToArray();
            output.WriteLine($"{host}: Locate, {callers} callers: p50 {all[all.Length / 2]:N3} ms, p99 {all[all.Length * 99 / 100]:N3} ms, {all.Length / watch.Elapsed.TotalSeconds:N0}/s");
        }
    }

    private static async Task<double[]> LocateAsync(IControlPlane plane, CacheKey[] keys, int seed, int calls)
    {
        var random = new Random(seed);
        var times = new double[calls];
        for (var i = 0; i < calls; i++)
        {
            var began = Stopwatch.GetTimestamp();
            var found = await plane.Content.LocateAsync(keys[random.Next(keys.Length)], None);
            times[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            Assert.Single(found.Value.Holders);
        }
        return times;
    }
}
