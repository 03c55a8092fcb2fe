using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Node.Tree;

namespace Hal.Cache.Silo.Plane;

/// <summary>
/// Which of the ranked sources may bring parts of one object at the same time: those that have all of it, over links of their own, whose part
/// saves more time than it costs money.
/// </summary>
internal static class SharedSources
{
    /// <summary>Shorter objects come from one source, in bytes: they are over before a second one is of use.</summary>
    public const long BytesMin = 4 << 20;

    /// <summary>Sources of one object at the same time.</summary>
    public const int SourcesMax = 3;

    private const double RateMax = 1e12;

    /// <summary>The sources in their order, with rates where they share.</summary>
    public static FetchSource[] Of(IReadOnlyList<string> ranked, IReadOnlyList<RouteCandidate> candidates, long bytes)
    {
        // What the first has still to fetch itself is to cross the link above it once, for all of its children.
        if (bytes < BytesMin || Whole(ranked[0]) is not { } first) return [.. ranked.Select(s => new FetchSource(s))];
        List<RouteCandidate> sharing = [first];
        var links = Links(first).ToHashSet();
        foreach (var source in ranked.Skip(1))
        {
            if (sharing.Count == SourcesMax || Whole(source) is not { } other || Links(other).Any(links.Contains) || !Pays(other, first)) continue;
            sharing.Add(other);
            links.UnionWith(Links(other));
        }
        if (sharing.Count == 1) return [.. ranked.Select(s => new FetchSource(s))];
        return [.. ranked.Select(s => sharing.Find(c => c.Source == s) is { } c ? new FetchSource(s, Rate(c, bytes), c.LatencyMs.GetValueOrDefault()) : new FetchSource(s))];

        RouteCandidate? Whole(string source) =>
            candidates.FirstOrDefault(c => c.Source == source && c is { LeftOut: null, Fetching: false, ByOrigin: false, TransferMs: not null });
    }

    private static IEnumerable<(string From, string To)> Links(RouteCandidate candidate) => candidate.Hops.Zip(candidate.Hops.Skip(1));

    // Both grow with the part that is moved from one to the other, so they are compared for the whole. What else delays a source must not
    // take as long as the first would for all.
    private static bool Pays(RouteCandidate other, RouteCandidate first) =>
        other.WeightedMoneyMs - first.WeightedMoneyMs < first.TransferMs && other.LatencyMs + other.QueueMs < first.LatencyMs + first.QueueMs + first.TransferMs;

    private static double Rate(RouteCandidate candidate, long bytes) => Math.Min(RateMax, bytes * 1000 / candidate.TransferMs.GetValueOrDefault());
}
