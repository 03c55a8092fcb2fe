using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Routing;
using Hal.Cache.ControlPlane.Topology;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>The rules of questions about links, for hosts that have no tree of their own.</summary>
public static class TopologyRules
{
    /// <summary>What is wrong with a list of observations; null where nothing.</summary>
    public static CacheError? Check(IReadOnlyList<LinkObservation> observations)
    {
        ArgumentNullException.ThrowIfNull(observations);
        return observations.Count > ControlPlaneLimits.ObservationsMax
            ? new CacheError(
                CacheErrorCode.Invalid,
                $"there are {observations.Count} observations; at most {ControlPlaneLimits.ObservationsMax} are taken at a time (ObservationsMax)")
            : null;
    }

    /// <summary>What is wrong with a link's settings; null where nothing.</summary>
    public static CacheError? Check(LinkSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return TopologyHost.Check(settings);
    }

    /// <summary>True where two names could be the ends of a link.</summary>
    public static bool CanBe(string from, string to) => Names.IsValid(from) && Names.IsValid(to) && from != to;

    /// <summary>The observations that make sense, by the link that they are of.</summary>
    public static IEnumerable<IGrouping<(string From, string To), LinkObservation>> ByLink(IEnumerable<LinkObservation> observations) =>
        observations.Where(o => CanBe(o.From, o.To) && LinkState.IsSane(o)).GroupBy(o => (o.From, o.To));

    /// <summary>The cheapest way between two instances that must be known.</summary>
    internal static Result<LinkPath> Path(TopologyGraph topology, string from, string to, long bytes, RouteWeights? weights, Func<string, bool> isKnown)
    {
        var msPerMoney = RouteCostModel.MsPerMoney(weights);
        if (!msPerMoney.IsOk) return msPerMoney.Error;
        if (bytes < 0) return new CacheError(CacheErrorCode.Invalid, $"bytes is {bytes}; it must be 0 or more");
        foreach (var end in new[] { from, to })
        {
            if (!isKnown(end)) return InstanceRegistry.Unknown(end);
        }
        return topology.Path(from, to, bytes, msPerMoney.Value) is { } path
            ? path.Describe(bytes)
            : new CacheError(CacheErrorCode.NotFound, $"no links lead from '{from}' to '{to}'");
    }
}
