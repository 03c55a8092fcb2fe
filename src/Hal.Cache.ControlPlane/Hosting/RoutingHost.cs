using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.ControlPlane.Routing;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Routes, in this process.</summary>
internal sealed class RoutingHost(PlaneState state, ContentHost content) : IRouting
{
    public Task<Result<IReadOnlyList<KeyRoutes>>> RoutesAsync(RouteRequest request, CancellationToken cancellation) => Task.FromResult(Routes(request));

    public Task<Result<Done>> ReportFailureAsync(RouteFailure failure, CancellationToken cancellation)
    {
        foreach (var end in new[] { failure.Source, failure.Destination })
        {
            if (state.Registry.Find(end) is null) return Task.FromResult<Result<Done>>(InstanceRegistry.Unknown(end));
        }
        state.Failures.Tell(f => f.Add(failure.Source, failure.Destination));
        return Task.FromResult<Result<Done>>(Done.Value);
    }

    private Result<IReadOnlyList<KeyRoutes>> Routes(RouteRequest request)
    {
        if (ContentHost.CheckKeys(request.Keys) is { } error) return error;
        if (request.Bytes < 0) return new CacheError(CacheErrorCode.Invalid, $"bytes is {request.Bytes}; it must be 0 or more");
        if (state.Registry.Find(request.Destination) is null) return InstanceRegistry.Unknown(request.Destination);
        var msPerMoney = RouteCostModel.MsPerMoney(request.Weights);
        if (!msPerMoney.IsOk) return msPerMoney.Error;

        var located = request.Keys.Select(k => (Location: content.Locate(k), Sources: new List<RouteSource>())).ToArray();
        foreach (var (location, sources) in located) Collect(location, request.Destination, sources);
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

    private void Collect(KeyLocation location, string destination, List<RouteSource> sources)
    {
        foreach (var holder in location.Holders)
        {
            var load = state.Registry.Find(holder.Instance)?.Load;
            sources.Add(new RouteSource(
                holder.Instance, holder.State, holder.SizeBytes, holder.Version, load?.QueuedBytes ?? 0, holder.Fetching, false,
                holder.Fetching && FetchesFrom(location, holder.Instance, destination)));
        }
        if (location.Root is { } root && location.Holders.All(h => h.Instance != root) && state.Registry.Find(root) is { } authority)
        {
            sources.Add(new RouteSource(
                root, authority.State(state.Now), location.SizeBytes, location.Version, authority.Load.QueuedBytes, false, true, false));
        }
    }

    // Follows the chain of who fetches from whom; it is no longer than the holders are many.
    private bool FetchesFrom(KeyLocation location, string instance, string destination)
    {
        var record = state.RecordOf(location.Slot);
        lock (record.Gate)
        {
            var flights = record.Flights(location.Key, state.NowMs).ToArray();
            for (var steps = 0; steps <= flights.Length; steps++)
            {
                if (flights.FirstOrDefault(f => state.Registry.Find(f.Instance)?.Name == instance).Source is not { } source) return false;
                if (source == destination) return true;
                instance = source;
            }
            return true; // they fetch in a circle
        }
    }
}
