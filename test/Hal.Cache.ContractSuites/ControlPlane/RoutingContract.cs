using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ContractSuites.ControlPlane;

public abstract class RoutingContract : ControlPlaneContract
{
    [Fact]
    public async Task Sources_are_ranked_by_cost_and_every_term_is_told()
    {
        await TreeWithCopiesAsync();
        var routes = await RoutesAsync("leaf-1");

        Assert.Equal(["leaf-2", "root"], routes.Candidates.Where(c => c.LeftOut is null).Select(c => c.Source));
        Assert.Equal([1, 2], routes.Candidates.Where(c => c.LeftOut is null).Select(c => c.Rank!.Value));
        Assert.All(routes.Candidates.Where(c => c.LeftOut is null), c => Assert.Equal(c.TotalMs!.Value, (c.LatencyMs + c.TransferMs + c.QueueMs + c.WeightedMoneyMs)!.Value, 6));
        var sibling = routes.Candidates[0];
        Assert.Equal((1.0, 10.0, 0.0), (sibling.LatencyMs!.Value, sibling.TransferMs!.Value, sibling.QueueMs!.Value));
    }

    [Fact]
    public async Task Queue_at_a_source_counts()
    {
        await TreeWithCopiesAsync();
        await HeartbeatAsync("leaf-2", 1, new InstanceLoad { QueuedBytes = 500_000 });
        var routes = await RoutesAsync("leaf-1");

        Assert.Equal("root", routes.Candidates[0].Source);
        Assert.Equal(500, routes.Candidates.Single(c => c.Source == "leaf-2").QueueMs!.Value, 6);
    }

    [Fact]
    public async Task Money_counts_by_its_weight()
    {
        await TreeWithCopiesAsync();
        await LinkAsync("leaf-2", "leaf-1", 1, 1e6, money: 1000);
        var fastest = await RoutesAsync("leaf-1", new RouteWeights { Preset = RoutePreset.Fastest });
        var cheapest = await RoutesAsync("leaf-1", new RouteWeights { Preset = RoutePreset.Cheapest });
        var numbered = await RoutesAsync("leaf-1", new RouteWeights { MsPerMoney = 2 });

        // The costly link is taken where only time counts, the way about where money does.
        Assert.Equal(["leaf-2", "leaf-1"], fastest.Candidates[0].Hops);
        Assert.Equal(["leaf-2", "branch", "leaf-1"], cheapest.Candidates[0].Hops);
        Assert.Equal((true, 0.0), (fastest.Candidates[0].Money > 0, cheapest.Candidates[0].Money!.Value));
        var paid = numbered.Candidates.Single(c => c.Source == "leaf-2");
        Assert.Equal(2 * paid.Money!.Value, paid.WeightedMoneyMs!.Value, 6);
        AssertError(CacheErrorCode.Invalid, await Plane.Routing.RoutesAsync(new RouteRequest { Keys = [Key("k")], Destination = "leaf-1", Weights = new RouteWeights { MsPerMoney = -1 } }, None));
    }

    [Fact]
    public async Task Those_left_out_are_told_with_the_reason()
    {
        await TreeWithCopiesAsync();
        await RegisterAsync("leaf-3", "branch");
        await HoldAsync("leaf-1", 1, ("k", 10_000, 2));
        await HoldAsync("leaf-3", 1, ("k", 10_000, 1));
        var routes = (await Plane.Routing.RoutesAsync(new RouteRequest { Keys = [Key("k")], Destination = "leaf-1", Exclude = ["leaf-2"] }, None)).Value.Single();

        Assert.Equal(LeftOutReason.IsDestination, Reason(routes, "leaf-1"));
        Assert.Equal(LeftOutReason.Excluded, Reason(routes, "leaf-2"));
        Assert.Equal(LeftOutReason.OtherVersion, Reason(routes, "leaf-3"));
        Assert.Equal("root", routes.Candidates[0].Source);
    }

    [Fact]
    public async Task A_suspect_holder_is_left_out()
    {
        await TreeWithCopiesAsync();
        Clock.Advance(TimeSpan.FromSeconds(5));
        await HeartbeatAsync("root", 1);
        var routes = await RoutesAsync("leaf-1");

        Assert.Equal(LeftOutReason.Suspect, Reason(routes, "leaf-2"));
        Assert.Null(Reason(routes, "root"));
    }

    [Fact]
    public async Task A_key_that_nobody_holds_comes_by_its_root_from_the_origin()
    {
        await RegisterTreeAsync();
        var routes = await RoutesAsync("leaf-1", key: "cold");

        var only = Assert.Single(routes.Candidates);
        Assert.Equal(("root", true, 1), (only.Source, only.ByOrigin, only.Rank!.Value));
        Assert.Equal(["root", "branch", "leaf-1"], only.Hops);
    }

    [Fact]
    public async Task A_source_that_is_still_fetching_is_a_source_but_not_for_whom_it_fetches_from()
    {
        await RegisterTreeAsync();
        await HoldAsync("root", 1, ("k", 10_000, 2));
        var hint = new FetchHint { Key = Key("k"), SizeBytes = 10_000, Version = 2, Source = "root" };
        await Plane.Events.ReportAsync(new EventBatch { Instance = "branch", Epoch = 1, Fetches = [hint] }, None);
        var forLeaf = await RoutesAsync("leaf-1");
        var forRoot = await RoutesAsync("root");
        await Plane.Events.ReportAsync(new EventBatch { Instance = "branch", Epoch = 1, Fetches = [hint with { Ended = true }] }, None);
        var after = await RoutesAsync("leaf-1");

        Assert.Equal(("branch", true), (forLeaf.Candidates[0].Source, forLeaf.Candidates[0].Fetching));
        Assert.Equal(LeftOutReason.FetchesFromDestination, Reason(forRoot, "branch"));
        Assert.DoesNotContain(after.Candidates, c => c.Source == "branch");
    }

    [Fact]
    public async Task A_source_that_failed_costs_more_for_a_while()
    {
        await TreeWithCopiesAsync();
        await Plane.Routing.ReportFailureAsync(new RouteFailure { Source = "leaf-2", Destination = "leaf-1", Key = Key("k"), Reason = RouteFailureReason.Slow }, None);
        var failed = await RoutesAsync("leaf-1");
        Clock.Advance(TimeSpan.FromMinutes(3));
        foreach (var name in new[] { "root", "leaf-2" }) await RegisterAsync(name, name == "root" ? null : "branch");
        await HoldAsync("root", 2, ("k", 10_000, 2));
        await HoldAsync("leaf-2", 2, ("k", 10_000, 2));
        var later = await RoutesAsync("leaf-1");

        Assert.Equal(("root", "leaf-2"), (failed.Candidates[0].Source, later.Candidates[0].Source));
    }

    [Fact]
    public async Task Routes_need_a_known_destination_and_at_most_the_limit_of_keys()
    {
        await RegisterTreeAsync();

        AssertError(CacheErrorCode.NotFound, await Plane.Routing.RoutesAsync(new RouteRequest { Keys = [Key("k")], Destination = "nobody" }, None));
        var tooMany = Enumerable.Repeat(Key("a"), ControlPlaneLimits.KeysMax + 1).ToArray();
        AssertError(CacheErrorCode.Invalid, await Plane.Routing.RoutesAsync(new RouteRequest { Keys = tooMany, Destination = "root" }, None));
        AssertError(CacheErrorCode.Invalid, await Plane.Routing.RoutesAsync(new RouteRequest { Keys = [], Destination = "root" }, None));
    }

    // 10,000 bytes at version 2: leaf-2 is 11 ms away, the root over 40.
    private async Task TreeWithCopiesAsync()
    {
        await RegisterTreeAsync();
        await LinkAsync("leaf-2", "leaf-1", 1, 1e6);
        await LinkAsync("root", "branch", 20, 1e6);
        await LinkAsync("branch", "leaf-1", 20, 1e6);
        await HoldAsync("root", 1, ("k", 10_000, 2));
        await HoldAsync("leaf-2", 1, ("k", 10_000, 2));
    }

    private async Task<KeyRoutes> RoutesAsync(string destination, RouteWeights? weights = null, string key = "k")
    {
        var routes = await Plane.Routing.RoutesAsync(new RouteRequest { Keys = [Key(key)], Destination = destination, Weights = weights }, None);
        Assert.True(routes.IsOk, routes.ToString());
        return routes.Value.Single();
    }

    private static LeftOutReason? Reason(KeyRoutes routes, string source) => routes.Candidates.Single(c => c.Source == source).LeftOut;
}
