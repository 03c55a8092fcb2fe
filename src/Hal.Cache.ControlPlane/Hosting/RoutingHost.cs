using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Routing;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Routes, in this process.</summary>
internal sealed class RoutingHost(PlaneState state, ContentHost content, IContentIndex? index) : IRouting
{
    private readonly RouteAnswer answer = new(
        name => state.Registry.Find(name) is { } instance ? new RouteParty(instance.State(state.Now), instance.Load.QueuedBytes) : null);

    public async Task<Result<IReadOnlyList<KeyRoutes>>> RoutesAsync(RouteRequest request, CancellationToken cancellation)
    {
        if (answer.Check(request) is { } error) return error;
        if (index is null) return Routes(request, [.. request.Keys.Select(Located)]);
        var found = await index.LocateAsync(request.Keys, cancellation);
        return found.IsOk ? Routes(request, [.. found.Value.Items.Select(k => answer.Known(k, Root(k.Location.Slot)))]) : found.Error;
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

    private Result<IReadOnlyList<KeyRoutes>> Routes(RouteRequest request, IReadOnlyList<LocatedKey> keys)
    {
        var collected = answer.Collect(keys, request.Destination);
        return state.Topology.Ask(topology => state.Failures.Ask(failures => Results.Of(RouteAnswer.Rank(collected, request, new RoutePlanner(topology, failures)))));
    }

    private LocatedKey Located(CacheKey key)
    {
        var location = content.Locate(key);
        return new LocatedKey(location, location.Holders.Any(h => h.Fetching) ? Fetches(location) : []);
    }

    private string? Root(int slot)
    {
        var record = state.RecordOf(slot);
        lock (record.Gate) return record.Owner(slot);
    }

    private List<FetchSource> Fetches(KeyLocation location)
    {
        var record = state.RecordOf(location.Slot);
        lock (record.Gate)
        {
            return [.. record.Flights(location.Key, state.NowMs).Select(f => new FetchSource(state.Registry.Find(f.Instance)?.Name ?? "", f.Source))];
        }
    }
}
