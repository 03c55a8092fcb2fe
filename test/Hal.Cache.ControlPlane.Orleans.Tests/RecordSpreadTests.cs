using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Orleans.Streams;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.Testing.Processes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>A cluster that grows: its records are spread over the new silo too, and know what they knew.</summary>
public sealed class RecordSpreadTests : IAsyncLifetime
{
    private const int Keys = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly TreeResources resources = new();
    private InProcessTestCluster cluster = null!;

    private static CancellationToken None => CancellationToken.None;

    public async Task InitializeAsync()
    {
        var settings = new OrleansPlaneOptions { SpreadAfter = TimeSpan.FromMilliseconds(250) };
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
            silo.UseInMemoryReminderService().AddMemoryGrainStorage(ChangeStream.SubscriptionStore).AddHalControlPlane(settings, resources));
        builder.ConfigureSiloHost((_, host) => host.Logging.SetMinimumLevel(LogLevel.None));
        builder.ConfigureClient(client => client.AddHalControlPlane(settings));
        cluster = builder.Build();
        await cluster.DeployAsync();
    }

    public async Task DisposeAsync() => await cluster.DisposeAsync();

    [Fact]
    public async Task Records_are_spread_anew_when_a_silo_joins_and_know_after_it_what_is_where()
    {
        var tree = resources.Add(TimeProvider.System, null);
        var plane = new OrleansControlPlane(cluster.Client, ClusterFixture.Patient(tree), TimeProvider.System);
        CacheKey[] keys = [.. Enumerable.Range(0, Keys).Select(i => CacheKey.FromText($"k{i}"))];
        var root = new ScriptedInstance(plane, "root");
        await root.RegisterAsync();
        await root.AddAsync(keys);
        await root.RepairAsync();
        Assert.Equal(HashSlot.Records, (await HomesAsync(tree)).Single().Value);

        await cluster.StartAdditionalSiloAsync();
        var homes = new Dictionary<string, int>();
        var isSpread = await Eventually.HoldsAsync(
            async () => (homes = await HomesAsync(tree)) is { Count: 2 } and var two && two.Values.All(n => n == HashSlot.Records / 2), Patience);
        var isComplete = await Eventually.HoldsAsync(
            async () =>
            {
                if ((await root.HeartbeatAsync()).DigestWanted) await root.RepairAsync();
                return (await plane.Content.LocateManyAsync(keys, None)).Value.All(l => l.Holders.Count == 1);
            },
            Patience);

        Assert.True(isSpread, string.Join(", ", homes));
        Assert.True(isComplete, "a record that was moved does not know its keys");
    }

    [Theory]
    [InlineData(new[] { 256, 0, 0 }, new[] { 85, 85, 86 })]
    [InlineData(new[] { 200, 56 }, new[] { 128, 128 })]
    [InlineData(new[] { 100, 80, 76 }, new[] { 76, 80, 100 })]
    [InlineData(new[] { 3, 3, 3, 0 }, new[] { 2, 2, 2, 3 })]
    [InlineData(new[] { 256 }, new[] { 256 })]
    public void A_plan_evens_out_what_is_far_from_even_with_as_few_moves_as_will_do(int[] before, int[] after)
    {
        string[] silos = [.. before.Select((_, silo) => $"s{silo}")];
        List<string?> homes = [.. before.SelectMany((count, silo) => Enumerable.Repeat(silos[silo], count))];

        var moves = RecordBalance.Plan(homes, silos, RecordBalance.Slack, int.MaxValue);
        foreach (var (record, silo) in moves) homes[record] = silo;

        Assert.Equal(after.Order(), silos.Select(s => homes.Count(h => h == s)).Order());
        Assert.Equal(moves.Count, moves.Select(m => m.Record).Distinct().Count());
    }

    [Fact]
    public void A_plan_moves_so_many_at_a_time_and_nothing_that_is_elsewhere_or_unknown()
    {
        List<string?> homes = [.. Enumerable.Repeat("a", 40), "gone", null];

        var moves = RecordBalance.Plan(homes, ["a", "b"], RecordBalance.Slack, movesMax: 5);

        Assert.Equal(5, moves.Count);
        Assert.All(moves, m => Assert.Equal(("a", "b"), (homes[m.Record], m.Silo)));
    }

    private async Task<Dictionary<string, int>> HomesAsync(string tree)
    {
        var grains = cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>();
        var homes = await Task.WhenAll(Enumerable.Range(0, HashSlot.Records).Select(r => grains.GetGrain<IKeyOwnershipGrain>(TreeKey.Of(tree, r)).HomeAsync()));
        return homes.CountBy(h => h).ToDictionary();
    }
}
