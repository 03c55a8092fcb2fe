using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.Testing.Processes;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>What concerns many records is one call for each silo, and where records are is a hint that may be wrong.</summary>
[Collection(ClusterCollection.Name)]
public sealed class SiloRecordsTests(ClusterFixture cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly CacheKey[] Keys = [.. Enumerable.Range(0, 1000).Select(i => CacheKey.FromText($"k{i}"))];

    private static CancellationToken None => CancellationToken.None;

    [Fact]
    public async Task A_silo_learns_where_records_are_and_its_grain_answers_for_those_that_are_on_it_alone()
    {
        var (tree, plane, silo) = await HeldAsync();

        Assert.True(await Eventually.HoldsAsync(() => AskAsync(plane, silo, tree), Patience), "a silo does not know where records are");
        var groups = Homes(silo).Group(tree, [.. Enumerable.Range(0, HashSlot.Records)]);
        var totals = await Task.WhenAll(groups.Select(g => Homes(silo).At(g.Silo!).TotalsAsync(tree, g.Places)));
        var elsewhere = await Homes(silo).At(groups[0].Silo!).TotalsAsync(tree, groups[1].Places);

        Assert.Equal(3, groups.Count);
        Assert.Equal(Keys.Length, totals.SelectMany(t => t).Sum(t => t!.Keys));
        Assert.All(elsewhere, Assert.Null);
    }

    [Fact]
    public async Task A_record_that_is_not_where_it_was_is_asked_by_its_own_grain()
    {
        var (tree, plane, silo) = await HeldAsync();
        Assert.True(await Eventually.HoldsAsync(() => AskAsync(plane, silo, tree), Patience), "a silo does not know where records are");
        var grain = silo.ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IKeyOwnershipGrain>(TreeKey.Of(tree, 0));
        var from = await grain.HomeAsync();
        var to = cluster.Cluster.Silos.First(s => s.SiloAddress.ToParsableString() != from).SiloAddress.ToParsableString();

        await grain.MoveAsync(to);
        Assert.True(await Eventually.HoldsAsync(async () => await grain.HomeAsync() == to, Patience), "the record did not move");
        var located = await plane.Content.LocateManyAsync(Keys, None);

        // The record has begun anew, and all others are as they were.
        var moved = located.Value.Where(l => HashSlot.Record(l.Slot) == 0).ToArray();
        Assert.NotEmpty(moved);
        Assert.All(moved, l => Assert.True(l.Incomplete || l.Holders.Count == 1));
        Assert.All(located.Value.Except(moved), l => Assert.Equal(["leaf"], l.Holders.Select(h => h.Instance)));
    }

    [Fact]
    public async Task What_a_dead_silo_had_is_answered_for_by_the_others()
    {
        var (tree, plane, silo) = await HeldAsync();
        Assert.True(await Eventually.HoldsAsync(() => AskAsync(plane, silo, tree), Patience), "a silo does not know where records are");
        // Not the tree's, which has no store here and would not know the leaf any more.
        var ofTree = cluster.HomeOfTree(tree);
        var victim = cluster.Cluster.Silos.First(s => s != silo && s != ofTree);
        var lost = Homes(silo).Group(tree, [.. Enumerable.Range(0, HashSlot.Records)]).First(g => g.Silo!.Equals(victim.SiloAddress)).Places.ToHashSet();

        await cluster.KillAsync(victim);
        var located = await plane.Content.LocateManyAsync(Keys, None);

        Assert.True(located.IsOk, located.ToString());
        Assert.All(located.Value, l => Assert.True(l.Holders.Count == 1 || (lost.Contains(HashSlot.Record(l.Slot)) && l.Incomplete)));
    }

    private static RecordHomes Homes(InProcessSiloHandle silo) => silo.ServiceProvider.GetRequiredService<RecordHomes>();

    // It learns from what it asks for.
    private static async Task<bool> AskAsync(IControlPlane plane, InProcessSiloHandle silo, string tree)
    {
        Assert.True((await plane.Content.TotalsAsync(None)).IsOk);
        return Homes(silo).Group(tree, [.. Enumerable.Range(0, HashSlot.Records)]).All(g => g.Silo is not null);
    }

    private async Task<(string Tree, IControlPlane Plane, InProcessSiloHandle Silo)> HeldAsync()
    {
        var tree = cluster.Resources.Add(TimeProvider.System, null);
        var silo = cluster.Cluster.Silos[0];
        var plane = ClusterFixture.PlaneAt(silo, tree);
        await new ScriptedInstance(plane, "root").RegisterAsync();
        var leaf = new ScriptedInstance(plane, "leaf", "root");
        await leaf.RegisterAsync();
        await leaf.AddAsync(Keys);
        return (tree, plane, silo);
    }
}
