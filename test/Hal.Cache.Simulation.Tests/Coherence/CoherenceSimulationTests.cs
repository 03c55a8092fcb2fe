using System.Globalization;
using Xunit.Abstractions;

namespace Hal.Cache.Simulation.Tests.Coherence;

public sealed class CoherenceSimulationTests(ITestOutputHelper output)
{
    private static readonly int Seeds = int.TryParse(Environment.GetEnvironmentVariable("HAL_TEST_SEEDS"), CultureInfo.InvariantCulture, out var seeds) ? seeds : 1000;

    [Fact]
    public void All_histories_are_linearizable_and_come_to_an_end_whatever_the_seed()
    {
        var (operations, hits, messages) = (0L, 0L, 0L);
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new SimCluster(seed, Mix(seed));
            var violation = cluster.Run();
            Assert.True(violation is null, $"seed {seed}: {violation}\n{cluster.Tell(violation)}");
            operations += cluster.History.Count;
            hits += cluster.Leaves.Sum(l => l.Hits);
            messages += cluster.Network.Sent;
        }

        output.WriteLine($"{Seeds} seeds, {operations} operations, {hits} served from copies, {messages} messages");
        Assert.True(hits > operations / 50, $"only {hits} of {operations} operations were served from copies");
    }

    [Fact]
    public void With_two_roots_all_histories_are_linearizable_whatever_the_seed()
    {
        var (operations, hits) = (0L, 0L);
        for (var seed = 1; seed <= Seeds / 8; seed++)
        {
            // Both begin with the same epoch, so that their versions are alike; keys of equal hash are of different roots.
            var cluster = new SimCluster(seed, Mix(seed) with { Roots = 2, Keys = 6, KeysPerHash = seed % 2 + 1, FlushAlls = seed % 3 });
            var violation = cluster.Run();
            Assert.True(violation is null, $"seed {seed}: {violation}\n{cluster.Tell(violation)}");
            operations += cluster.History.Count;
            hits += cluster.Leaves.Sum(l => l.Hits);
        }

        output.WriteLine($"{Seeds / 8} seeds, {operations} operations, {hits} served from copies");
        Assert.True(hits > operations / 50, $"only {hits} of {operations} operations were served from copies");
    }

    [Fact]
    public void A_seed_replays_exactly()
    {
        var first = new SimCluster(77, Mix(77));
        var second = new SimCluster(77, Mix(77));
        first.Run();
        second.Run();

        Assert.Equal(first.History, second.History);
        Assert.Equal(first.Network.Sent, second.Network.Sent);
    }

    // Faults of a kind are rare in some runs and frequent in others; some have next to none, so that copies live long.
    private static SimSettings Mix(int seed) => (seed % 7) switch
    {
        0 => new SimSettings(),
        1 => new SimSettings { RootCrashes = 3, LeafCrashes = 4, KnowsInstances = seed % 2 == 1 },
        2 => new SimSettings { RootCrashes = 0, LeafCrashes = 0, Pauses = 0, Cuts = 1, ThinkMax = 30_000, Keys = 2, OperationsPerClient = 40, Rho = 0.02 },
        3 => new SimSettings { Evictions = 150, ThinkMax = 60_000, Writes = 0.5, SmallValues = 0.1, RootCrashes = 2 },
        // One leaf that comes and goes: the authority is idle in between.
        6 => new SimSettings { Leaves = 1, LeafCrashes = 6, Cuts = 6, RootCrashes = 2, Pauses = 4, ThinkMax = 60_000, OperationsPerClient = 60 },
        4 => new SimSettings { Keys = 4, FlushAlls = 3, PairWrites = 30, ThinkMax = 60_000, OperationsPerClient = 40 },
        _ => new SimSettings { Keys = 6, KeysPerHash = 2, DirectoryKeysMax = 1, Evictions = 60, ThinkMax = 40_000, OperationsPerClient = 40, Pauses = 0 },
    };
}
