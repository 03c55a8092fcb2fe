using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Sharding;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.ControlPlane.Tests.Sharding;

/// <summary>Ways and routes found from views are those that the tree itself finds.</summary>
public sealed class RouteSightTests : IAsyncLifetime
{
    private const int Changes = 300;

    private static readonly string[] Names = ["root", "branch", "leaf-1", "leaf-2", "leaf-3"];

    private readonly ManualTimeProvider clock = new();
    private InProcessControlPlane plane = null!;

    private static CancellationToken None => CancellationToken.None;

    public async Task InitializeAsync()
    {
        plane = (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), null, clock, new Random(1), None)).Value;
        foreach (var name in Names) await RegisterAsync(name);
    }

    public async Task DisposeAsync() => await plane.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Ways_are_the_trees_whatever_changed_between_two_views(int seed)
    {
        var random = new Random(seed);
        var sight = new RouteSight(clock);
        string Name() => Names[random.Next(Names.Length)];
        for (var change = 0; change < Changes; change++)
        {
            await ChangeAsync(random, Name(), Name());
            if (random.Next(3) != 0) continue;
            await LookAsync(sight);
            var (from, to, bytes) = (Name(), Name(), random.NextInt64(1, 1L << random.Next(1, 34)));
            var there = await plane.Topology.PathAsync(from, to, bytes, null, None);
            var here = sight.Path(from, to, bytes, null);

            Assert.True(there.Error == here.Error, $"seed {seed}, change {change}: {there} and {here}");
            // A figure that has moved by less than a tenth may be the old one here, and a way that was found before it moved may be kept there.
            if (there.IsOk) Assert.True(Math.Abs(Cost(there.Value) - Cost(here.Value)) <= 0.25 * Cost(there.Value), $"seed {seed}, change {change}: {there} and {here}");
        }
    }

    [Fact]
    public async Task Routes_are_the_trees_with_queues_failures_and_suspects()
    {
        var key = CacheKey.FromText("k");
        foreach (var name in new[] { "root", "leaf-2", "leaf-3" }) await HoldAsync(name, key);
        await plane.Instances.HeartbeatAsync(new Heartbeat { Instance = "leaf-2", Epoch = 1, Number = 1, Load = new InstanceLoad { QueuedBytes = 500_000 } }, None);
        await plane.Routing.ReportFailureAsync(new RouteFailure { Source = "leaf-3", Destination = "leaf-1", Key = key, Reason = RouteFailureReason.Slow }, None);
        clock.Advance(TimeSpan.FromSeconds(5));
        foreach (var name in new[] { "root", "leaf-2" })
            await plane.Instances.HeartbeatAsync(new Heartbeat { Instance = name, Epoch = 1, Number = 2, Load = new InstanceLoad { QueuedBytes = 500_000 } }, None);
        var sight = new RouteSight(clock);
        await LookAsync(sight);
        var request = new RouteRequest { Keys = [key], Destination = "leaf-1" };

        var there = (await plane.Routing.RoutesAsync(request, None)).Value.Single();
        var here = sight.Rank(request, [new LocatedKey((await plane.Content.LocateAsync(key, None)).Value, [])]).Single();

        Assert.Null(sight.Check(request));
        Assert.Equal(there.Candidates.Select(Told), here.Candidates.Select(Told));
        Assert.Equal(there with { Candidates = here.Candidates }, here);
        Assert.Contains(here.Candidates, c => c.LeftOut == LeftOutReason.Suspect);
    }

    [Fact]
    public async Task A_view_of_another_life_is_taken_only_as_a_whole()
    {
        var sight = new RouteSight(clock);
        await LookAsync(sight);
        var known = sight.Place;
        var view = await plane.RouteViewAsync(null, 0, None);

        sight.Take(view with { Life = "another", HasAllLinks = false });
        var refused = sight.Place;
        sight.Take(view with { Life = "another", Revision = 0 });

        Assert.Equal(known, refused);
        Assert.Equal(("another", 0L), sight.Place);
    }

    // By the preset that weighs money with 10 s.
    private static double Cost(LinkPath path) => path.TotalMs + (10_000 * path.Money);

    private static (string, int?, double?, LeftOutReason?) Told(RouteCandidate candidate) => (candidate.Source, candidate.Rank, candidate.TotalMs, candidate.LeftOut);

    private async Task LookAsync(RouteSight sight)
    {
        var (life, revision) = sight.Place;
        sight.Take(await plane.RouteViewAsync(life, revision, None));
    }

    private async Task ChangeAsync(Random random, string from, string to)
    {
        switch (random.Next(6))
        {
            case 0:
                await plane.Topology.RemoveLinkAsync(from, to, None);
                break;
            case 1:
                await plane.Instances.RemoveAsync("leaf-3", null, None);
                break;
            case 2:
                await RegisterAsync("leaf-3");
                break;
            case 3:
                await plane.Topology.ObserveAsync([new LinkObservation { From = from, To = to, RoundTripMs = random.Next(1, 100) }], None);
                break;
            default:
                var figures = new LinkFigures { LatencyMs = random.Next(100), BandwidthBytesPerSecond = random.Next(1, 1000) * 1e6, MoneyPerGiB = random.Next(3) };
                await plane.Topology.SetLinkAsync(new LinkSettings { From = from, To = to, Figures = figures }, None);
                break;
        }
    }

    private async Task RegisterAsync(string name)
    {
        var parent = name switch { "root" => null, "branch" => "root", _ => "branch" };
        var registered = await plane.Instances.RegisterAsync(
            new InstanceRegistration
            {
                Name = name, Parent = parent, Silo = name, Epoch = 1, RespAddress = "127.0.0.1:1",
                Role = parent is null ? InstanceRole.Root : name == "branch" ? InstanceRole.Branch : InstanceRole.Leaf,
            },
            None);
        Assert.True(registered.IsOk, registered.ToString());
    }

    private async Task HoldAsync(string instance, CacheKey key)
    {
        var change = new ChangeEvent
        {
            Instance = instance, Epoch = 1, Sequence = 1, Timestamp = clock.GetUtcNow(), KeysAdded = [key], KeySizes = [10_000], KeyVersions = [1],
        };
        Assert.True((await plane.Events.ReportAsync(new EventBatch { Instance = instance, Epoch = 1, Events = [change] }, None)).IsOk);
    }
}
