using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.ContractSuites.ControlPlane;

public abstract class AnalyticsContract : ControlPlaneContract
{
    [Fact]
    public async Task Hits_and_misses_are_counted_once_however_often_a_heartbeat_comes()
    {
        await RegisterTreeAsync();
        await HeartbeatAsync("leaf-1", 1, new InstanceLoad { HitsTotal = 90, MissesTotal = 10 });
        await HeartbeatAsync("leaf-1", 1, new InstanceLoad { HitsTotal = 90, MissesTotal = 10 });
        await HeartbeatAsync("leaf-1", 2, new InstanceLoad { HitsTotal = 180, MissesTotal = 20 });
        await HeartbeatAsync("leaf-2", 1, new InstanceLoad { HitsTotal = 0, MissesTotal = 100 });
        var one = (await Plane.Analytics.UsageAsync(new UsageQuery("leaf-1"), None)).Value;
        var all = (await Plane.Analytics.UsageAsync(new UsageQuery(), None)).Value;

        Assert.Equal((180L, 20L, 0.9), (one.Hits, one.Misses, one.HitRate));
        Assert.Equal((180L, 120L), (all.Hits, all.Misses));
    }

    [Fact]
    public async Task Use_leaves_the_window_as_time_goes_by()
    {
        await RegisterTreeAsync();
        await HeartbeatAsync("leaf-1", 1, new InstanceLoad { HitsTotal = 5 });
        Clock.Advance(TimeSpan.FromSeconds(120));
        var minute = (await Plane.Analytics.UsageAsync(new UsageQuery(null, 60), None)).Value;
        var hour = (await Plane.Analytics.UsageAsync(new UsageQuery(null, 3600), None)).Value;

        Assert.Equal((0L, 5L), (minute.Hits, hour.Hits));
        Assert.Null(minute.HitRate);
    }

    [Fact]
    public async Task Growth_and_evictions_follow_the_events()
    {
        await RegisterTreeAsync();
        await HoldAsync("leaf-1", 1, ("a", 10, 1), ("b", 20, 1));
        await HoldAsync("leaf-1", 2, ("b", 50, 2));
        await ReportAsync(Removes("leaf-1", 3, "a") with { RemovalReasons = [RemovalReason.Evicted] });
        await ReportAsync(Removes("leaf-1", 4, "b") with { RemovalReasons = [RemovalReason.Deleted] });
        await HoldAsync("leaf-1", 5, ("c", 7, 1));
        var usage = (await Plane.Analytics.UsageAsync(new UsageQuery("leaf-1"), None)).Value;

        Assert.Equal((3L, 2L, 1L), (usage.KeysAdded, usage.KeysRemoved, usage.Evictions));
        Assert.Equal((1L, 7L), (usage.GrowthKeys, usage.GrowthBytes));
    }

    [Fact]
    public async Task Retrieval_times_have_percentiles_within_an_eighth()
    {
        await RegisterTreeAsync();
        for (var ms = 1; ms <= 100; ms++)
            await ReportAsync(Adds("leaf-1", ms, ($"k{ms}", 1, 1)) with { SourceInstance = "root", RetrievalTimeMs = ms });
        var times = (await Plane.Analytics.UsageAsync(new UsageQuery("leaf-1"), None)).Value.Retrieval;

        Assert.Equal((100L, 100.0), (times.Count, times.MaxMs!.Value));
        Assert.InRange(times.P50Ms!.Value, 50, 50 * 1.126);
        Assert.InRange(times.P90Ms!.Value, 90, 100);
    }

    [Fact]
    public async Task Links_carry_bytes_and_money()
    {
        await RegisterTreeAsync();
        await LinkAsync("branch", "leaf-1", 1, 1e6, money: 2);
        await ReportAsync(Adds("leaf-1", 1, ("a", 1 << 29, 1), ("b", 1 << 29, 1)) with { SourceInstance = "branch", RetrievalTimeMs = 5 });
        var link = (await Plane.Analytics.LinkUsageAsync(60, None)).Value.Single();
        var usage = (await Plane.Analytics.UsageAsync(new UsageQuery("leaf-1"), None)).Value;

        Assert.Equal(new LinkUsage("branch", "leaf-1", 1 << 30, 2, 2), link);
        Assert.Equal((1L << 30, 2.0), (usage.FetchedBytes, usage.Money));
    }

    [Fact]
    public async Task A_transfer_costs_what_its_own_link_does_though_a_detour_were_faster()
    {
        await RegisterTreeAsync();
        await LinkAsync("branch", "leaf-1", 50, 1e6, money: 2);
        await LinkAsync("branch", "leaf-2", 1, 1e9, money: 5);
        await LinkAsync("leaf-2", "leaf-1", 1, 1e9, money: 5);
        await ReportAsync(Adds("leaf-1", 1, ("a", 1 << 30, 1)) with { SourceInstance = "branch", RetrievalTimeMs = 5 });

        Assert.Equal(new LinkUsage("branch", "leaf-1", 1 << 30, 1, 2), (await Plane.Analytics.LinkUsageAsync(60, None)).Value.Single());
    }

    [Fact]
    public async Task Popular_keys_come_from_heartbeats_and_fetches()
    {
        await RegisterTreeAsync();
        await Plane.Instances.HeartbeatAsync(new Heartbeat { Instance = "leaf-1", Epoch = 1, Number = 1, PopularKeys = [new(Key("hot"), 100), new(Key("warm"), 10)] }, None);
        await ReportAsync(Adds("leaf-2", 1, ("warm", 1, 1)) with { SourceInstance = "root", RetrievalTimeMs = 1 });
        var all = (await Plane.Analytics.PopularKeysAsync(null, 10, None)).Value;
        var one = (await Plane.Analytics.PopularKeysAsync("leaf-2", 10, None)).Value;

        Assert.Equal([("hot", 100L), ("warm", 11L)], all.Select(k => (k.Key.ToString(), k.Reads)));
        Assert.Equal([("warm", 1L)], one.Select(k => (k.Key.ToString(), k.Reads)));
    }

    [Fact]
    public async Task A_full_instance_under_pressure_is_advised_to_grow_and_an_empty_one_to_shrink()
    {
        await RegisterTreeAsync();
        await HeartbeatAsync("leaf-1", 1, new InstanceLoad { MemoryBytes = 950, HitsTotal = 50, MissesTotal = 50 });
        await HeartbeatAsync("leaf-2", 1, new InstanceLoad { MemoryBytes = 10 });
        await HoldAsync("leaf-1", 1, ("a", 1, 1));
        await ReportAsync(Removes("leaf-1", 2, "a"));
        var signals = (await Plane.Analytics.ScalingSignalsAsync(None)).Value.ToDictionary(s => s.Instance);

        Assert.Equal((ScalingAdvice.Grow, 0.95), (signals["leaf-1"].Advice, signals["leaf-1"].FillRatio));
        Assert.Equal(ScalingAdvice.Shrink, signals["leaf-2"].Advice);
    }

    [Fact]
    public async Task Windows_instances_and_limits_are_checked()
    {
        AssertError(CacheErrorCode.Invalid, await Plane.Analytics.UsageAsync(new UsageQuery(null, 0), None));
        AssertError(CacheErrorCode.Invalid, await Plane.Analytics.LinkUsageAsync(ControlPlaneLimits.WindowSecondsMax + 1, None));
        AssertError(CacheErrorCode.Invalid, await Plane.Analytics.PopularKeysAsync(null, ControlPlaneLimits.PopularKeysMax + 1, None));
        AssertError(CacheErrorCode.NotFound, await Plane.Analytics.UsageAsync(new UsageQuery("nobody"), None));
    }
}
