using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Topology;

namespace Hal.Cache.ControlPlane.Routing;

/// <summary>Ranks the sources of a key at a destination, with every term and why one is left out. Not thread-safe.</summary>
internal sealed class RoutePlanner(TopologyGraph topology, FailureTable failures)
{
    /// <summary>Usable sources by rising cost (equal ones by name), then those left out by name.</summary>
    public IReadOnlyList<RouteCandidate> Rank(IEnumerable<RouteSource> sources, RouteRequest request, long sizeBytes, long version, double msPerMoney)
    {
        var bytes = Math.Min(request.Bytes ?? long.MaxValue, sizeBytes);
        var candidates = sources.Select(s => Judge(s, request, bytes, version, msPerMoney)).ToList();
        candidates.Sort((a, b) =>
        {
            var order = a.LeftOut.HasValue.CompareTo(b.LeftOut.HasValue);
            if (order == 0 && a.LeftOut is null) order = a.TotalMs!.Value.CompareTo(b.TotalMs!.Value);
            return order != 0 ? order : string.CompareOrdinal(a.Source, b.Source);
        });
        for (var i = 0; i < candidates.Count && candidates[i].LeftOut is null; i++) candidates[i] = candidates[i] with { Rank = i + 1 };
        return candidates;
    }

    private RouteCandidate Judge(RouteSource source, RouteRequest request, long bytes, long version, double msPerMoney)
    {
        var candidate = new RouteCandidate { Source = source.Name, Fetching = source.Fetching, ByOrigin = source.ByOrigin };
        if (source.Name == request.Destination) return candidate with { LeftOut = LeftOutReason.IsDestination };
        if (topology.Path(source.Name, request.Destination, bytes, msPerMoney) is not { } path)
            return candidate with { LeftOut = LeftOutReason.NoPath };

        var cost = RouteCostModel.Cost(path, bytes, source.QueuedBytes, failures.Of(source.Name, request.Destination), msPerMoney);
        return candidate with
        {
            LatencyMs = cost.LatencyMs,
            TransferMs = cost.TransferMs,
            QueueMs = cost.QueueMs,
            Money = cost.Money,
            WeightedMoneyMs = cost.WeightedMoneyMs,
            TotalMs = cost.TotalMs,
            Hops = path.Hops,
            LeftOut = WhyNot(source, request, version, cost),
        };
    }

    private static LeftOutReason? WhyNot(RouteSource source, RouteRequest request, long version, RouteCost cost)
    {
        if (source.State == InstanceState.Gone) return LeftOutReason.Gone;
        if (source.State == InstanceState.Suspect) return LeftOutReason.Suspect;
        if (request.Exclude.Contains(source.Name)) return LeftOutReason.Excluded;
        if (source.FetchesFromDestination) return LeftOutReason.FetchesFromDestination;
        if (!source.ByOrigin && source.Version != version) return LeftOutReason.OtherVersion;
        return cost.QueueMs > RouteCostModel.QueueMsMax ? LeftOutReason.Overloaded : null;
    }
}
