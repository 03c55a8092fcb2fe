using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Silo.Plane;

namespace Hal.Cache.Silo.Tests.Plane;

public sealed class SharedSourcesTests
{
    private const long Bytes = 100_000_000;
    private static readonly RouteCandidate Parent = new() { Source = "parent", LatencyMs = 1, TransferMs = 1000, QueueMs = 0, WeightedMoneyMs = 0, Hops = ["parent", "here"] };
    private static readonly RouteCandidate Sibling = Parent with { Source = "sibling", LatencyMs = 5, TransferMs = 2000, Hops = ["sibling", "here"] };

    [Fact]
    public void Holders_with_links_of_their_own_share_by_their_rates()
    {
        var sources = SharedSources.Of(["parent", "root", "sibling"], [Parent, Sibling], Bytes);

        Assert.Equal([("parent", 1e8, 1.0), ("root", 0, 0), ("sibling", 5e7, 5.0)], sources.Select(s => (s.Name, s.BytesPerSecond, s.LatencyMs)));
    }

    [Theory]
    [MemberData(nameof(Alone))]
    public void One_source_brings_all(string why, RouteCandidate first, RouteCandidate second, long bytes)
    {
        Assert.All(SharedSources.Of([first.Source, second.Source], [first, second], bytes), s => Assert.False(s.Shares, why));
    }

    public static TheoryData<string, RouteCandidate, RouteCandidate, long> Alone() => new()
    {
        { "it is short", Parent, Sibling, SharedSources.BytesMin - 1 },
        { "the second way goes over the first one's link", Parent, Sibling with { Hops = ["sibling", "parent", "here"] }, Bytes },
        { "the first is still fetching", Parent with { Fetching = true }, Sibling, Bytes },
        { "the first would load it from the origin", Parent with { ByOrigin = true }, Sibling, Bytes },
        { "the second is still fetching", Parent, Sibling with { Fetching = true }, Bytes },
        { "the second is left out", Parent, Sibling with { LeftOut = LeftOutReason.Suspect }, Bytes },
        { "the second costs more money than the time is worth", Parent, Sibling with { WeightedMoneyMs = 1001 }, Bytes },
        { "the second would begin after the first has ended", Parent, Sibling with { QueueMs = 1000 }, Bytes },
    };
}
