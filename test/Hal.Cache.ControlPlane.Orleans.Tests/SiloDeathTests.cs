using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.Testing.ControlPlane;
using Hal.Cache.Testing.Time;
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

        await cluster.KillAsync(Home(tree));
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
        Assert.Equal((7L, true), (again.Value.AppliedSequence, again.Value.DigestWanted));
        Assert.Equal((InstanceState.Suspect, InstanceState.Live), (before.Value.State, after.Value.State));
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

        await cluster.KillAsync(Home(tree));

        Assert.True(await next.WaitAsync(Patience));
        Assert.Equal((StreamNoticeKind.Started, StreamNoticeKind.OtherLog), (first.Notice!.Kind, stream.Current.Notice!.Kind));
    }

    [Fact]
    public async Task A_store_that_is_down_is_told_and_waited_for()
    {
        var store = new MemoryControlPlaneStore { Failure = new CacheError(CacheErrorCode.Unavailable, "the disk is on fire") };
        var plane = cluster.Plane(cluster.Resources.Add(TimeProvider.System, store));

        var down = await plane.Ownership.ListAsync(None);
        store.Failure = null;
        var up = await plane.Ownership.ListAsync(None);

        Assert.Equal(CacheErrorCode.Unavailable, down.Error?.Code);
        Assert.Contains("the disk is on fire", down.Error!.Message, StringComparison.Ordinal);
        Assert.True(up.IsOk);
    }

    private InProcessSiloHandle Home(string tree)
    {
        var id = cluster.Cluster.Client.GetGrain<IInstancesGrain>(tree).GetGrainId();
        Assert.True(cluster.Cluster.TryGetGrainContext(id, out var context));
        return cluster.Cluster.GetSiloForAddress(context!.Address.SiloAddress!)!;
    }
}
