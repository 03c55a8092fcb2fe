using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Topology;

namespace Hal.Cache.ControlPlane.Tests.Topology;

public sealed class PathSearchTests
{
    [Fact]
    public void The_path_is_the_best_of_all_that_there_are()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var graph = new TopologyGraph();
            string[] names = ["a", "b", "c", "d", "e", "f"];
            foreach (var from in names)
            {
                foreach (var to in names.Where(n => n != from && random.Next(2) == 0))
                {
                    var figures = new LinkFigures { LatencyMs = random.Next(50), BandwidthBytesPerSecond = 1000 * Math.Pow(10, random.Next(4)), MoneyPerGiB = random.Next(3) * 1e5 };
                    Assert.True(graph.Configure(new LinkSettings { From = from, To = to, Figures = figures }).IsOk);
                }
            }
            var bytes = 1L << random.Next(20);
            double[] weights = [0, 1, 100];
            foreach (var weight in weights)
            {
                var best = Paths(graph, "a", "f", []).Select(p => Cost(graph, p, bytes, weight)).DefaultIfEmpty(-1).Min();
                if (graph.Find("a", "f") is not null && Cost(graph, ["a", "f"], bytes, weight) is var straight && straight <= (1 + PathSearch.DirectTolerance) * best)
                    best = straight;
                var found = graph.Path("a", "f", bytes, weight);
                Assert.True(Math.Abs((found is null ? -1 : Cost(graph, found.Hops, bytes, weight)) - best) < 1e-6, $"seed {seed}, weight {weight}");
            }
        }
    }

    [Theory]
    [InlineData(103, 2)]
    [InlineData(120, 3)]
    public void A_direct_link_is_left_only_for_a_way_that_is_clearly_cheaper(double directMs, int hops)
    {
        var graph = new TopologyGraph();
        foreach (var (from, to, latency) in new[] { ("a", "b", 50.0), ("b", "c", 50), ("a", "c", directMs) })
            graph.Configure(new LinkSettings { From = from, To = to, Figures = new LinkFigures { LatencyMs = latency } });

        Assert.Equal(hops, graph.Path("a", "c", 0, 0)!.Hops.Count);
    }

    [Fact]
    public void A_moving_average_that_moves_far_is_searched_anew()
    {
        var graph = new TopologyGraph();
        graph.Configure(new LinkSettings { From = "a", To = "b", Figures = new LinkFigures { LatencyMs = 1 } });
        var before = graph.Path("a", "b", 0, 0)!.LatencyMs;
        graph.Observe(new LinkObservation { From = "a", To = "b", RoundTripMs = 20 }, DateTimeOffset.UnixEpoch);

        Assert.Equal((1.0, 10.0), (before, graph.Path("a", "b", 0, 0)!.LatencyMs));
    }

    [Fact]
    public void Observations_that_make_no_sense_change_nothing()
    {
        var graph = new TopologyGraph();
        graph.Observe(new LinkObservation { From = "a", To = "a", RoundTripMs = 1 }, DateTimeOffset.UnixEpoch);
        graph.Observe(new LinkObservation { From = "a", To = "b", RoundTripMs = double.NaN }, DateTimeOffset.UnixEpoch);
        graph.Observe(new LinkObservation { From = "a", To = "b", TransferBytes = -5, TransferMs = 1 }, DateTimeOffset.UnixEpoch);

        Assert.Empty(graph.Links);
    }

    private static IEnumerable<IReadOnlyList<string>> Paths(TopologyGraph graph, string at, string to, IReadOnlyList<string> before)
    {
        IReadOnlyList<string> path = [.. before, at];
        if (at == to) return [path];
        return graph.Links.Where(l => l.From == at && !path.Contains(l.To)).SelectMany(l => Paths(graph, l.To, to, path));
    }

    private static double Cost(TopologyGraph graph, IReadOnlyList<string> path, long bytes, double weight)
    {
        var links = path.Zip(path.Skip(1)).Select(p => graph.Find(p.First, p.Second)!).ToArray();
        return links.Sum(l => l.LatencyMs + (weight * l.MoneyPerGiB * bytes / (1 << 30))) + (bytes / links.Min(l => l.BandwidthBytesPerSecond) * 1000);
    }
}
