using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.Testing.ControlPlane;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Time;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

[Collection(ClusterCollection.Name)]
public sealed class SiloDeathTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task What_is_durable_outlives_the_silo_that_had_it_and_what_is_soft_is_asked_for()
    {
        var clock = new ManualTimeProvider();
        var tree = cluster.Resources.Add(clock, new MemoryControlPlaneStore());
        var plane = cluster.Plane(tree);
        var registration = new InstanceRegistration { Name = "root", Role = InstanceRole.Root, Silo = "s", Epoch = 1, RespAddress = "127.0.0.1:1" };
        Assert.True((await plane.Instances.RegisterAsync(registration, None)).IsOk);
        Assert.True((await plane.Scheduling.PutManifestAsync("m", [CacheKey.FromText("a")], None)).IsOk);
        Assert.True((await plane.Instances.HeartbeatAsync(new Heartbeat { Instance = "root", Epoch = 1, Number = 1 }, None)).IsOk);
        clock.Advance(TimeSpan.FromSeconds(1));

        await cluster.KillAsync(cluster.HomeOfTree(tree));
        var child = await plane.Instances.RegisterAsync(registration with { Name = "leaf", Role = InstanceRole.Leaf, Parent = "root" }, None);
        var before = await plane.Instances.GetAsync("root", None);
        var manifest = await plane.Scheduling.GetManifestAsync("m", None);
        var slots = await plane.Ownership.ListAsync(None);
        var heartbeat = await plane.Instances.HeartbeatAsync(new Heartbeat { Instance = "root", Epoch = 1, Number = 1 }, None);
        var again = await plane.Instances.RegisterAsync(registration with { Sequence = 7 }, None);
        var after = await plane.Instances.GetAsync("root", None);

        Assert.True(child.IsOk, "a child of an instance that is not back yet was refused");
        Assert.Equal(1, manifest.Value.Keys);
        Assert.Equal([new SlotAssignment("root", 0, 16_383)], slots.Value);
        Assert.Equal(CacheErrorCode.NotFound, heartbeat.Error?.Code);
        Assert.True(again.Value.DigestWanted);
        Assert.Equal((InstanceState.Suspect, InstanceState.Live), (before.Value.State, after.Value.State));
    }

    [Fact]
    public async Task A_record_that_was_lost_says_that_it_is_not_complete_until_the_instances_have_told_it_anew()
    {
        var clock = new ManualTimeProvider();
        var tree = cluster.Resources.Add(clock, new MemoryControlPlaneStore());
        var plane = cluster.Plane(tree);
        var key = CacheKey.FromText("a");
        var root = new ScriptedInstance(plane, "root");
        await root.RegisterAsync();
        await root.AddAsync(key);
        await root.RepairAsync();
        Assert.True(await Eventually.HoldsAsync(() => IsCompleteAsync(clock, root, plane, key), Patience), "the record is never complete");

        var record = cluster.Cluster.Client.GetGrain<IKeyOwnershipGrain>(TreeKey.Of(tree, HashSlot.Record(HashSlot.Of(key.Span))));
        await cluster.KillAsync(cluster.Home(record.GetGrainId()));
        var lost = (await plane.Content.LocateAsync(key, None)).Value;
        Assert.True(await Eventually.HoldsAsync(async () => (await root.HeartbeatAsync()).DigestWanted, Patience), "digests were not asked for");
        await root.RepairAsync();

        Assert.Equal((true, 0), (lost.Incomplete, lost.Holders.Count));
        Assert.True(await Eventually.HoldsAsync(() => IsCompleteAsync(clock, root, plane, key), Patience), "the record is not complete again");
        Assert.Equal(["root"], (await plane.Content.LocateAsync(key, None)).Value.Holders.Select(h => h.Instance));
    }

    // The tree counts as whole when it has lived for a lease, by its clock.
    private static async Task<bool> IsCompleteAsync(ManualTimeProvider clock, ScriptedInstance instance, IControlPlane plane, CacheKey key)
    {
        clock.Advance(TimeSpan.FromSeconds(1));
        await instance.HeartbeatAsync();
        return (await plane.Content.LocateAsync(key, None)).Value is { Incomplete: false, Holders.Count: 1 };
    }

    [Fact]
    public async Task Records_are_spread_over_the_silos_and_an_instance_is_where_it_was_first_heard()
    {
        var tree = cluster.Resources.Add(TimeProvider.System, null);
        var silo = cluster.Cluster.Silos[1];
        var plane = ClusterFixture.PlaneAt(silo, tree);
        await new ScriptedInstance(plane, "root").RegisterAsync();
        Assert.True((await plane.Content.TotalsAsync(None)).IsOk);

        var homes = Enumerable.Range(0, HashSlot.Records)
            .Select(r => cluster.Home(cluster.Cluster.Client.GetGrain<IKeyOwnershipGrain>(TreeKey.Of(tree, r)).GetGrainId()).SiloAddress)
            .CountBy(s => s).Select(s => s.Value).ToArray();
        var home = cluster.Home(cluster.Cluster.Client.GetGrain<ICacheInstanceGrain>(TreeKey.Of(tree, "root")).GetGrainId());

        Assert.Equal(3, homes.Length);
        Assert.All(homes, count => Assert.InRange(count, HashSlot.Records / 6, HashSlot.Records / 2));
        Assert.Equal(silo.SiloAddress, home.SiloAddress);
    }

    [Fact]
    public async Task An_instance_that_another_silo_asked_for_first_is_where_it_is_hosted_once_it_registers()
    {
        var tree = cluster.Resources.Add(TimeProvider.System, new MemoryControlPlaneStore());
        var grain = cluster.Cluster.Client.GetGrain<ICacheInstanceGrain>(TreeKey.Of(tree, "root"));
        var (stranger, host) = (cluster.Cluster.Silos[0], cluster.Cluster.Silos[1]);
        await stranger.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<ICacheInstanceGrain>(TreeKey.Of(tree, "root")).StatusAsync(None);
        var before = cluster.Home(grain.GetGrainId()).SiloAddress;
        var plane = ClusterFixture.PlaneAt(host, tree);
        var root = new ScriptedInstance(plane, "root");
        var key = CacheKey.FromText("a");

        await root.RegisterAsync();
        await root.AddAsync(key);
        await root.RepairAsync();
        var found = await plane.Content.LocateAsync(key, None);

        Assert.Equal((stranger.SiloAddress, host.SiloAddress), (before, cluster.Home(grain.GetGrainId()).SiloAddress));
        Assert.Equal(["root"], found.Value.Holders.Select(h => h.Instance));
    }

    [Fact]
    public async Task An_instance_that_lives_keeps_its_place_and_content_when_another_of_its_name_is_refused()
    {
        var tree = cluster.Resources.Add(TimeProvider.System, new MemoryControlPlaneStore());
        var grain = cluster.Cluster.Client.GetGrain<ICacheInstanceGrain>(TreeKey.Of(tree, "root"));
        var (host, other) = (cluster.Cluster.Silos[0], cluster.Cluster.Silos[1]);
        var root = new ScriptedInstance(ClusterFixture.PlaneAt(host, tree), "root");
        var key = CacheKey.FromText("a");
        await root.RegisterAsync();
        await root.AddAsync(key);
        await root.RepairAsync();
        var stranger = new InstanceRegistration { Name = "root", Role = InstanceRole.Root, Silo = "elsewhere", Epoch = 1, RespAddress = "127.0.0.1:2" };

        var refused = await ClusterFixture.PlaneAt(other, tree).Instances.RegisterAsync(stranger, None);
        var found = await ClusterFixture.PlaneAt(host, tree).Content.LocateAsync(key, None);

        Assert.Equal(CacheErrorCode.Conflict, refused.Error?.Code);
        Assert.Equal(host.SiloAddress, cluster.Home(grain.GetGrainId()).SiloAddress);
        Assert.Equal(["root"], found.Value.Holders.Select(h => h.Instance));
    }

    [Fact]
    public async Task A_subscriber_outlives_the_silo_and_is_told_of_the_other_log()
    {
        var tree = cluster.Resources.Add(TimeProvider.System, null);
        var plane = cluster.Plane(tree);
        using var limit = new CancellationTokenSource(Patience);
        await using var stream = plane.Events.SubscribeAsync(new Subscription(), limit.Token).GetAsyncEnumerator(limit.Token);
        Assert.True(await stream.MoveNextAsync());
        var first = stream.Current;
        var next = stream.MoveNextAsync().AsTask();

        await cluster.KillAsync(cluster.HomeOfTree(tree));

        Assert.True(await next.WaitAsync(Patience));
        Assert.Equal((StreamNoticeKind.Started, StreamNoticeKind.OtherLog), (first.Notice!.Kind, stream.Current.Notice!.Kind));
    }

    [Fact]
    public async Task A_store_that_is_down_is_told_and_waited_for()
    {
        var store = new MemoryControlPlaneStore { Failure = new CacheError(CacheErrorCode.Unavailable, "the disk is on fire") };
        var plane = cluster.Plane(new OrleansPlaneOptions { Tree = cluster.Resources.Add(TimeProvider.System, store) });

        var down = await plane.Ownership.ListAsync(None);
        store.Failure = null;
        var up = await plane.Ownership.ListAsync(None);

        Assert.Equal(CacheErrorCode.Unavailable, down.Error?.Code);
        Assert.Contains("the disk is on fire", down.Error!.Message, StringComparison.Ordinal);
        Assert.True(up.IsOk);
    }

    [Fact]
    public async Task A_tree_whose_records_another_life_has_written_begins_anew_with_them()
    {
        var store = new MemoryControlPlaneStore();
        var plane = cluster.Plane(cluster.Resources.Add(TimeProvider.System, store));
        CacheKey[] keys = [CacheKey.FromText("a"), CacheKey.FromText("b")];
        Assert.True((await plane.Scheduling.PutManifestAsync("m", keys, None)).IsOk);
        // As where the cluster was parted.
        await using (var other = (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), store, TimeProvider.System, new Random(1), None)).Value)
        {
            Assert.True((await other.Scheduling.PutManifestAsync("m", keys[..1], None)).IsOk);
            Assert.True((await other.Scheduling.PutManifestAsync("others", keys[..1], None)).IsOk);
        }

        var put = await plane.Scheduling.PutManifestAsync("m", keys, None);

        Assert.True(put.IsOk, put.ToString());
        Assert.Equal(2, (await plane.Scheduling.GetManifestAsync("m", None)).Value.Keys);
        Assert.Equal(1, (await plane.Scheduling.GetManifestAsync("others", None)).Value.Keys);
    }

    [Fact]
    public async Task A_call_that_the_cluster_gave_up_is_made_again_and_one_that_its_caller_gave_up_is_not()
    {
        var calls = new GrainCalls(new OrleansPlaneOptions(), TimeProvider.System);
        using var caller = new CancellationTokenSource();
        var made = 0;

        var again = await calls.AskAsync(() => ++made == 1 ? Task.FromException<int>(new TaskCanceledException()) : Task.FromResult(made), caller.Token);
        await caller.CancelAsync();
        var given = calls.AskAsync(() => Task.FromException<int>(new TaskCanceledException()), caller.Token);

        Assert.Equal(2, again.Value);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
    }
}
