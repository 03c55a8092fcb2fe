using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ContractSuites.ControlPlane;

public abstract class TopologyContract : ControlPlaneContract
{
    [Fact]
    public async Task Parent_and_child_are_linked_both_ways_without_being_configured()
    {
        await RegisterTreeAsync();
        var links = (await Plane.Topology.ListLinksAsync(new PageRequest(), None)).Value.Items;

        Assert.Equal(6, links.Count);
        Assert.Contains(links, l => l.From == "root" && l.To == "branch" && l.Configured is null);
    }

    [Fact]
    public async Task A_link_keeps_what_was_set_and_loses_it_when_removed()
    {
        await RegisterTreeAsync();
        await LinkAsync("leaf-1", "leaf-2", 3, 1e6, 0.5);
        var set = (await Plane.Topology.ListLinksAsync(new PageRequest(), None)).Value.Items.Single(l => l.From == "leaf-1" && l.To == "leaf-2");
        Assert.True((await Plane.Topology.RemoveLinkAsync("leaf-1", "leaf-2", None)).IsOk);
        Assert.True((await Plane.Topology.RemoveLinkAsync("leaf-1", "leaf-2", None)).IsOk);

        Assert.Equal(new LinkFigures { LatencyMs = 3, BandwidthBytesPerSecond = 1e6, MoneyPerGiB = 0.5 }, set.Effective);
        Assert.DoesNotContain((await Plane.Topology.ListLinksAsync(new PageRequest(), None)).Value.Items, l => l.From == "leaf-1" && l.To == "leaf-2");
    }

    [Theory]
    [InlineData(-1.0, 1.0, 0.0)]
    [InlineData(1.0, 0.0, 0.0)]
    [InlineData(1.0, 1.0, -1.0)]
    public async Task Figures_that_make_no_sense_are_refused(double latency, double bandwidth, double money)
    {
        await RegisterTreeAsync();
        var figures = new LinkFigures { LatencyMs = latency, BandwidthBytesPerSecond = bandwidth, MoneyPerGiB = money };

        AssertError(CacheErrorCode.Invalid, await Plane.Topology.SetLinkAsync(new LinkSettings { From = "root", To = "leaf-1", Figures = figures }, None));
        AssertError(CacheErrorCode.Invalid, await Plane.Topology.SetLinkAsync(new LinkSettings { From = "root", To = "root", Figures = new LinkFigures() }, None));
    }

    [Fact]
    public async Task A_path_is_chosen_by_size()
    {
        await RegisterTreeAsync();
        await LinkAsync("root", "leaf-1", latencyMs: 1, bandwidth: 1e6);
        await LinkAsync("root", "branch", latencyMs: 20, bandwidth: 1e9);
        await LinkAsync("branch", "leaf-1", latencyMs: 20, bandwidth: 1e9);
        var small = (await Plane.Topology.PathAsync("root", "leaf-1", 1000, null, None)).Value;
        var large = (await Plane.Topology.PathAsync("root", "leaf-1", 100_000_000, null, None)).Value;

        Assert.Equal(["root", "leaf-1"], small.Hops);
        Assert.Equal(2, small.TotalMs, 6);
        Assert.Equal(["root", "branch", "leaf-1"], large.Hops);
        Assert.Equal(140, large.TotalMs, 6);
    }

    [Fact]
    public async Task A_path_from_an_instance_to_itself_costs_nothing_and_has_no_bandwidth()
    {
        await RegisterTreeAsync();
        var path = await Plane.Topology.PathAsync("leaf-1", "leaf-1", 1 << 30, null, None);

        Assert.True(path.IsOk, path.ToString());
        Assert.Equal(["leaf-1"], path.Value.Hops);
        Assert.Null(path.Value.BandwidthBytesPerSecond);
        Assert.Equal((0.0, 0.0, 0.0, 0.0), (path.Value.LatencyMs, path.Value.MoneyPerGiB, path.Value.TotalMs, path.Value.Money));
    }

    [Fact]
    public async Task A_path_is_chosen_by_money_where_that_weighs_more()
    {
        await RegisterTreeAsync();
        await LinkAsync("root", "leaf-1", 1, 1e9, money: 10);
        await LinkAsync("root", "branch", 50, 1e9);
        await LinkAsync("branch", "leaf-1", 50, 1e9);
        var fastest = await Plane.Topology.PathAsync("root", "leaf-1", 1 << 30, new RouteWeights { Preset = RoutePreset.Fastest }, None);
        var cheapest = await Plane.Topology.PathAsync("root", "leaf-1", 1 << 30, new RouteWeights { Preset = RoutePreset.Cheapest }, None);

        Assert.Equal((2, 10.0), (fastest.Value.Hops.Count, fastest.Value.Money));
        Assert.Equal((3, 0.0), (cheapest.Value.Hops.Count, cheapest.Value.Money));
    }

    [Fact]
    public async Task Observations_move_a_link_towards_what_is_seen()
    {
        await RegisterTreeAsync();
        await LinkAsync("root", "branch", 1, 1e6);
        var seen = Enumerable.Repeat(new LinkObservation { From = "root", To = "branch", RoundTripMs = 20, TransferBytes = 1_000_000, TransferMs = 100 }, 50).ToArray();
        Assert.True((await Plane.Topology.ObserveAsync(seen, None)).IsOk);
        var path = (await Plane.Topology.PathAsync("root", "branch", 0, null, None)).Value;

        Assert.Equal(10, path.LatencyMs, 3);
        Assert.Equal(1e7, path.BandwidthBytesPerSecond!.Value, 3);
    }

    [Fact]
    public async Task Observations_of_unknown_instances_make_no_links_and_too_many_are_refused()
    {
        await RegisterTreeAsync();
        var stranger = new LinkObservation { From = "nobody", To = "branch", RoundTripMs = 1 };
        await Plane.Topology.ObserveAsync([stranger], None);

        Assert.DoesNotContain((await Plane.Topology.ListLinksAsync(new PageRequest(), None)).Value.Items, l => l.From == "nobody");
        AssertError(CacheErrorCode.Invalid, await Plane.Topology.ObserveAsync([.. Enumerable.Repeat(stranger, ControlPlaneLimits.ObservationsMax + 1)], None));
    }

    [Fact]
    public async Task A_path_needs_known_ends_and_links()
    {
        await RegisterTreeAsync();
        await RegisterAsync("island", null);

        AssertError(CacheErrorCode.NotFound, await Plane.Topology.PathAsync("root", "nobody", 1, null, None));
        AssertError(CacheErrorCode.NotFound, await Plane.Topology.PathAsync("root", "island", 1, null, None));
        AssertError(CacheErrorCode.Invalid, await Plane.Topology.PathAsync("root", "branch", -1, null, None));
    }
}
