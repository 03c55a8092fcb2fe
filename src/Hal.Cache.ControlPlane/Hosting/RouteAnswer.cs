using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Routing;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Answers one question for routes, from whatever tells of the tree's instances; null is what it tells of a name that nobody has.</summary>
internal sealed class RouteAnswer(Func<string, RouteParty?> find)
{
    /// <summary>What is wrong with the question; null where nothing.</summary>
    public CacheError? Check(RouteRequest request) =>
        ContentHost.CheckKeys(request.Keys)
        ?? (request.Keys.Count == 0 ? new CacheError(CacheErrorCode.Invalid, $"there are no keys; a question for routes has 1 to {ControlPlaneLimits.KeysMax} (KeysMax)")
            : request.Bytes < 0 ? new CacheError(CacheErrorCode.Invalid, $"bytes is {request.Bytes}; it must be 0 or more")
            : find(request.Destination) is null ? InstanceRegistry.Unknown(request.Destination)
            : RouteCostModel.MsPerMoney(request.Weights).Error);

    /// <summary>A key as the tree knows its holders: who is not in it, or gone, is none.</summary>
    public LocatedKey Known(LocatedKey key, string? root)
    {
        var holders = new List<Holder>();
        foreach (var holder in key.Location.Holders)
        {
            if (find(holder.Instance) is { State: not InstanceState.Gone and var state }) holders.Add(holder with { State = state });
        }
        var newest = holders.MaxBy(h => h.Version);
        return key with { Location = key.Location with { Root = root, Holders = holders, Version = newest?.Version ?? 0, SizeBytes = newest?.SizeBytes ?? 0 } };
    }

    /// <summary>Every key's possible sources; no actor is held.</summary>
    public IReadOnlyList<(LocatedKey Key, IReadOnlyList<RouteSource> Sources)> Collect(IReadOnlyList<LocatedKey> keys, string destination) =>
        [.. keys.Select(k => (k, Collect(k, destination)))];

    public static IReadOnlyList<KeyRoutes> Rank(
        IReadOnlyList<(LocatedKey Key, IReadOnlyList<RouteSource> Sources)> collected, RouteRequest request, RoutePlanner planner)
    {
        var msPerMoney = RouteCostModel.MsPerMoney(request.Weights).Value;
        return collected.Select(c =>
        {
            var location = c.Key.Location;
            var version = request.Version ?? location.Version;
            return new KeyRoutes
            {
                Key = location.Key,
                Root = location.Root,
                SizeBytes = location.SizeBytes,
                Version = version,
                Candidates = planner.Rank(c.Sources, request, location.SizeBytes, version, msPerMoney),
            };
        }).ToArray();
    }

    private List<RouteSource> Collect(LocatedKey key, string destination)
    {
        var sources = new List<RouteSource>();
        var location = key.Location;
        foreach (var holder in location.Holders)
        {
            sources.Add(new RouteSource(
                holder.Instance, holder.State, holder.SizeBytes, holder.Version, find(holder.Instance)?.QueuedBytes ?? 0, holder.Fetching, false,
                holder.Fetching && FetchesFrom(key.Fetches, holder.Instance, destination)));
        }
        if (location.Root is { } root && location.Holders.All(h => h.Instance != root) && find(root) is { } authority)
            sources.Add(new RouteSource(root, authority.State, location.SizeBytes, location.Version, authority.QueuedBytes, false, true, false));
        return sources;
    }

    // Follows the chain of who fetches from whom; it is no longer than the holders are many.
    private static bool FetchesFrom(IReadOnlyList<FetchSource> fetches, string instance, string destination)
    {
        for (var steps = 0; steps <= fetches.Count; steps++)
        {
            if (fetches.FirstOrDefault(f => f.Instance == instance)?.Source is not { } source) return false;
            if (source == destination) return true;
            instance = source;
        }
        return true; // they fetch in a circle
    }
}
