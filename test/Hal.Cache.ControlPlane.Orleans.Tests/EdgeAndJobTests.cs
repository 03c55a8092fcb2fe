using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.Testing.ControlPlane;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Time;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>Links and prestage jobs have grains of their own, which come back where a silo dies.</summary>
[Collection(ClusterCollection.Name)]
public sealed class EdgeAndJobTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task What_a_link_has_outlives_its_own_silo_and_that_of_the_tree()
    {
        var clock = new ManualTimeProvider();
        var tree = cluster.Resources.Add(clock, new MemoryControlPlaneStore());
        var plane = cluster.Plane(tree);
        await RegisterAsync(plane);
        var ofTree = cluster.HomeOfTree(tree);
        // Away from the tree's grain, so that one of the two lives on.
        InProcessSiloHandle Other() => cluster.Cluster.Silos.First(s => s != ofTree);
        var elsewhere = From(Other(), tree);
        Assert.True((await elsewhere.Topology.SetLinkAsync(new LinkSettings { From = "root", To = "leaf", Figures = new LinkFigures { MoneyPerGiB = 2 } }, None)).IsOk);
        Assert.True((await elsewhere.Topology.ObserveAsync([Seen(20)], None)).IsOk);
        ITopologyEdgeGrain Edge(IGrainFactory grains) => grains.GetGrain<ITopologyEdgeGrain>(TreeKey.Of(tree, "root", "leaf"));
        var home = cluster.Home(Edge(cluster.Cluster.Client).GetGrainId());

        await cluster.KillAsync(home);
        var edge = Edge(Other().ServiceProvider.GetRequiredService<IGrainFactory>());
        var afterOwn = await Eventually.HoldsAsync(async () => await DescribeAsync(edge) is { Configured.MoneyPerGiB: 2, Measured.LatencyMs: 10 }, Patience);
        await cluster.KillAsync(ofTree);
        clock.Advance(LinkHost.NewsAge + TimeSpan.FromSeconds(1));
        await RegisterAsync(plane);
        Assert.True((await plane.Topology.ObserveAsync([Seen(120)], None)).IsOk);
        var afterTree = await plane.Topology.PathAsync("root", "leaf", 1 << 30, null, None);

        Assert.NotSame(ofTree, home);
        Assert.True(afterOwn, "the link's grain has not what its former life had");
        // A fifth of the way from 10 ms to the 60 that were seen.
        Assert.Equal((20.0, 2.0), (afterTree.Value.LatencyMs, afterTree.Value.MoneyPerGiB));
    }

    [Fact]
    public async Task A_link_of_an_instance_that_was_removed_is_measured_anew()
    {
        var plane = await cluster.NewTreeAsync(TimeProvider.System);
        await RegisterAsync(plane);
        Assert.True((await plane.Topology.ObserveAsync([Seen(200)], None)).IsOk);
        Assert.True((await plane.Instances.RemoveAsync("leaf", null, None)).IsOk);
        Assert.True((await plane.Topology.ObserveAsync([Seen(200)], None)).IsOk);
        var without = (await plane.Topology.ListLinksAsync(new PageRequest(), None)).Value.Items;
        await RegisterAsync(plane);
        Assert.True((await plane.Topology.ObserveAsync([Seen(20)], None)).IsOk);

        Assert.Empty(without);
        Assert.Equal(10, (await plane.Topology.PathAsync("root", "leaf", 0, null, None)).Value.LatencyMs);
    }

    [Fact]
    public async Task A_prestage_job_goes_on_where_it_was_when_its_silo_is_killed()
    {
        var store = new MemoryControlPlaneStore();
        var tree = cluster.Resources.Add(TimeProvider.System, store);
        var plane = cluster.Plane(tree);
        await RegisterAsync(plane);
        CacheKey[] keys = [CacheKey.FromText("a"), CacheKey.FromText("b"), CacheKey.FromText("c")];
        var job = await PrestageAsync(plane, new PrestageRequest { Selection = new KeySelection { Keys = keys }, Instances = ["leaf"] });
        var first = (await plane.Scheduling.TakePrestageWorkAsync("leaf", 2, None)).Value.Single();
        Assert.True((await plane.Scheduling.ReportPrestageAsync(new PrestageProgress { Job = job, Instance = "leaf", Done = [keys[0]] }, None)).IsOk);
        var isStored = await Eventually.HoldsAsync(() => store.Records.Any(r => r.Key.EndsWith("/at/leaf", StringComparison.Ordinal)), Patience);
        Assert.True(isStored, "progress was not stored");

        var home = cluster.Home(cluster.Cluster.Client.GetGrain<IPrestageJobGrain>(TreeKey.Of(tree, job)).GetGrainId());
        await cluster.KillAsync(home);
        await RegisterAsync(plane);
        var left = (await plane.Scheduling.TakePrestageWorkAsync("leaf", 10, None)).Value.Single();
        Assert.True((await plane.Scheduling.ReportPrestageAsync(new PrestageProgress { Job = job, Instance = "leaf", Done = left.Keys }, None)).IsOk);
        var done = await plane.Scheduling.GetPrestageAsync(job, None);

        Assert.Equal([keys[0], keys[1]], first.Keys);
        Assert.Equal([keys[1], keys[2]], left.Keys);
        Assert.Equal((PrestageState.Done, 3L), (done.Value.State, done.Value.CopiesDone));
        Assert.True(await Eventually.HoldsAsync(() => store.Records.All(r => r.Kind != StoredKind.Prestage), Patience), "an ended job was left in the store");
        Assert.Equal(PrestageState.Done, (await plane.Scheduling.GetPrestageAsync(job, None)).Value.State);
    }

    [Fact]
    public async Task A_tree_that_begins_anew_knows_the_jobs_and_gives_out_their_work()
    {
        var tree = cluster.Resources.Add(TimeProvider.System, new MemoryControlPlaneStore());
        var plane = cluster.Plane(tree);
        await RegisterAsync(plane);
        var key = CacheKey.FromText("a");
        var job = await PrestageAsync(plane, new PrestageRequest { Selection = new KeySelection { Keys = [key] }, Instances = ["leaf"], Priority = 7 });

        await cluster.KillAsync(cluster.HomeOfTree(tree));
        await RegisterAsync(plane);
        var listed = (await plane.Scheduling.ListPrestagesAsync(new PageRequest(), None)).Value.Items.Single();
        var work = (await plane.Scheduling.TakePrestageWorkAsync("leaf", 10, None)).Value;

        Assert.Equal((job, 7, 1L, PrestageState.Waiting), (listed.Job, listed.Priority, listed.CopiesTotal, listed.State));
        Assert.Equal([key], work.Single().Keys);
    }

    private static async Task<string> PrestageAsync(IControlPlane plane, PrestageRequest request)
    {
        var job = await plane.Scheduling.PrestageAsync(request, null, None);
        Assert.True(job.IsOk, job.ToString());
        return job.Value.Job;
    }

    private static async Task<Link?> DescribeAsync(ITopologyEdgeGrain edge)
    {
        try
        {
            return await edge.DescribeAsync();
        }
        catch (Exception failure) when (Roles.GrainCalls.IsLoss(failure))
        {
            return null;
        }
    }

    private static LinkObservation Seen(double roundTripMs) => new() { From = "root", To = "leaf", RoundTripMs = roundTripMs };

    private static OrleansControlPlane From(InProcessSiloHandle silo, string tree) =>
        new(silo.ServiceProvider.GetRequiredService<IGrainFactory>(), ClusterFixture.Patient(tree), TimeProvider.System);

    private static async Task RegisterAsync(IControlPlane plane)
    {
        foreach (var (name, parent) in new[] { ("root", null), ("leaf", "root") })
        {
            var registration = new InstanceRegistration
            {
                Name = name, Role = parent is null ? InstanceRole.Root : InstanceRole.Leaf, Parent = parent, Silo = name, Epoch = 1, RespAddress = "127.0.0.1:1",
            };
            var lease = await plane.Instances.RegisterAsync(registration, None);
            Assert.True(lease.IsOk, lease.ToString());
        }
    }
}
