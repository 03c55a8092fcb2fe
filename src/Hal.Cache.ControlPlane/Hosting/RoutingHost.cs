using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.ControlPlane.Routing;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Routes, in this process.</summary>
internal sealed class RoutingHost(PlaneState state, ContentHost content, IContentIndex? index) : IRouting
{
    public async Task<Result<IReadOnlyList<KeyRoutes>>> RoutesAsync(RouteRequest request, CancellationToken cancellation)
    {
        if (Check(request) is { } error) return error;
        if (index is null) return Routes(request, [.. request.Keys.Select(k => new Located(content.Locate(k), null))]);
        var found = await index.LocateAsync(request.Keys, cancellation);
        return found.IsOk ? Routes(request, [.. found.Value.Items.Select(Known)]) : found.Error;
    }

    public Task<Result<Done>> ReportFailureAsync(RouteFailure failure, CancellationToken cancellation)
    {
        foreach (var end in new[] { failure.Source, failure.Destination })
        {
            if (state.Registry.Find(end) is null) return Task.FromResult<Result<Done>>(InstanceRegistry.Unknown(end));
        }
        state.Failures.Tell(f => f.Add(failure.Source, failure.Destination));
        return Task.FromResult<Result<Done>>(Done.Value);
    }

    private CacheError? Check(RouteRequest request) =>
        ContentHost.CheckKeys(request.Keys)
        ?? (request.Bytes < 0 ? new CacheError(CacheErrorCode.Invalid, $"bytes is {request.Bytes}; it must be 0 or more")
            : state.Registry.Find(request.Destination) is null ? InstanceRegistry.Unknown(request.Destination)
            : RouteCostModel.MsPerMoney(request.Weights).Error);

    // As the registry knows the holders: who is not in it, or gone, is none.
    private Located Known(LocatedKey key)
    {
        var holders = new List<Holder>();
        foreach (var holder in key.Location.Holders)
        {
            if (state.Registry.Find(holder.Instance)?.State(state.Now) is { } known and not InstanceState.Gone) holders.Add(holder with { State = known });
        }
        var newest = holders.MaxBy(h => h.Version);
        var slot = key.Location.Slot;
        var record = state.RecordOf(slot);
        string? root;
        lock (record.Gate) root = record.Owner(slot);
        return new Located(key.Location with { Root = root, Holders = holders, Version = newest?.Version ?? 0, SizeBytes = newest?.SizeBytes ?? 0 }, key.Fetches);
    }

    private Result<IReadOnlyList<KeyRoutes>> Routes(RouteRequest request, IReadOnlyList<Located> keys)
    {
        var msPerMoney = RouteCostModel.MsPerMoney(request.Weights);
        var located = keys.Select(k => (k.Location, Sources: new List<RouteSource>())).ToArray();
        for (var i = 0; i < located.Length; i++) Collect(keys[i], request.Destination, located[i].Sources);
        return state.Topology.Ask(topology => state.Failures.Ask<Result<IReadOnlyList<KeyRoutes>>>(failures =>
        {
            var planner = new RoutePlanner(topology, failures);
            return located.Select(l => new KeyRoutes
            {
                Key = l.Location.Key,
                Root = l.Location.Root,
                SizeBytes = l.Location.SizeBytes,
                Version = request.Version ?? l.Location.Version,
                Candidates = planner.Rank(l.Sources, request, l.Location.SizeBytes, request.Version ?? l.Location.Version, msPerMoney.Value),
            }).ToArray();
        }));
    }

    private void Collect(Located key, string destination, List<RouteSource> sources)
    {
        var location = key.Location;
        foreach (var holder in location.Holders)
        {
            var load = state.Registry.Find(holder.Instance)?.Load;
            sources.Add(new RouteSource(
                holder.Instance, holder.State, holder.SizeBytes, holder.Version, load?.QueuedBytes ?? 0, holder.Fetching, false,
                holder.Fetching && FetchesFrom(key, holder.Instance, destination)));
        }
        if (location.Root is { } root && location.Holders.All(h => h.Instance != root) && state.Registry.Find(root) is { } authority)
        {
            sources.Add(new RouteSource(
                root, authority.State(state.Now), location.SizeBytes, location.Version, authority.Load.QueuedBytes, false, true, false));
        }
    }

    // Follows the chain of who fetches from whom; it is no longer than the holders are many.
    private bool FetchesFrom(Located key, string instance, string destination)
    {
        var fetches = key.Fetches ?? Fetches(key.Location);
        for (var steps = 0; steps <= fetches.Count; steps++)
        {
            if (fetches.FirstOrDefault(f => f.Instance == instance)?.Source is not { } source) return false;
            if (source == destination) return true;
            instance = source;
        }
        return true; // they fetch in a circle
    }

    private List<FetchSource> Fetches(KeyLocation location)
    {
        var record = state.RecordOf(location.Slot);
        lock (record.Gate)
        {
            return [.. record.Flights(location.Key, state.NowMs).Select(f => new FetchSource(state.Registry.Find(f.Instance)?.Name ?? "", f.Source))];
        }
    }

    // The fetches are null where the record has to be asked.
    private readonly record struct Located(KeyLocation Location, IReadOnlyList<FetchSource>? Fetches);
}
