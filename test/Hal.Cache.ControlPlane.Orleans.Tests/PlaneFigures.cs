using System.Diagnostics;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>What a call costs in this process, from a silo, and from a client of the cluster; printed, since machines differ.</summary>
[Collection(ClusterCollection.Name)]
public sealed class PlaneFigures(ClusterFixture cluster, ITestOutputHelper output)
{
    private const int Calls = 3000;
    private const int Keys = 1000;

    private static readonly CacheKey[] AllKeys = [.. Enumerable.Range(0, Keys).Select(i => CacheKey.FromText($"imagenet/train/{i:D6}"))];

    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task Locate_routes_and_reports_side_by_side()
    {
        await using var inProcess = (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), null, TimeProvider.System, new Random(1), None)).Value;
        var silo = cluster.Cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>();

        await MeasureAsync("in process", inProcess);
        var tree = NewTree();
        await MeasureAsync("client, 3 silos", cluster.Plane(tree));
        var byTree = cluster.Cluster.Client.GetGrain<IRoutingGrain>(tree);
        await MeasureAsync("client, 3 silos: routes by the tree's grain", key => byTree.RoutesAsync(Route(key), None));
        await MeasureAsync("a silo, 3 silos", new OrleansControlPlane(silo, new OrleansPlaneOptions { Tree = NewTree() }, TimeProvider.System));
    }

    // Of its own for each, since events that a tree has taken cost it nothing.
    private string NewTree() => cluster.Resources.Add(TimeProvider.System, null);

    private async Task MeasureAsync(string host, IControlPlane plane)
    {
        var registration = new InstanceRegistration { Name = "root", Role = InstanceRole.Root, Silo = "s", Epoch = 1, RespAddress = "127.0.0.1:1" };
        Assert.True((await plane.Instances.RegisterAsync(registration, None)).IsOk);
        Assert.True((await plane.Instances.RegisterAsync(registration with { Name = "leaf", Role = InstanceRole.Leaf, Parent = "root" }, None)).IsOk);
        var watch = Stopwatch.StartNew();
        for (var batch = 1; batch <= 10; batch++)
        {
            var change = new ChangeEvent
            {
                Instance = "root", Epoch = 1, Sequence = batch, Timestamp = DateTimeOffset.UnixEpoch,
                KeysAdded = AllKeys, KeySizes = [.. Enumerable.Repeat(1000L, Keys)], KeyVersions = [.. Enumerable.Repeat((long)batch, Keys)],
            };
            Assert.True((await plane.Events.ReportAsync(new EventBatch { Instance = "root", Epoch = 1, Events = [change] }, None)).IsOk);
        }
        output.WriteLine($"{host}: {10 * Keys / watch.Elapsed.TotalSeconds:N0} key changes/s in batches of {Keys}");
        await MeasureAsync($"{host}: Locate", async key => Assert.Single((await plane.Content.LocateAsync(key, None)).Value.Holders));
        await MeasureAsync($"{host}: routes", async key => Assert.True((await plane.Routing.RoutesAsync(Route(key), None)).IsOk));
    }

    private async Task MeasureAsync(string what, Func<CacheKey, Task> call)
    {
        foreach (var callers in new[] { 1, 64 })
        {
            var watch = Stopwatch.StartNew();
            var times = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(call, caller, Calls / callers))));
            var all = times.SelectMany(t => t).Order().ToArray();
            var (p50, p99) = (all[all.Length / 2], all[all.Length * 99 / 100]);
            output.WriteLine($"{what}, {callers} callers: p50 {p50:N3} ms, p99 {p99:N3} ms, {all.Length / watch.Elapsed.TotalSeconds:N0}/s");
        }
    }

    private static RouteRequest Route(CacheKey key) => new() { Keys = [key], Destination = "leaf" };

    private static async Task<double[]> CallAsync(Func<CacheKey, Task> call, int seed, int calls)
    {
        var random = new Random(seed);
        var times = new double[calls];
        for (var i = 0; i < calls; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await call(AllKeys[random.Next(Keys)]);
            times[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
        return times;
    }
}
