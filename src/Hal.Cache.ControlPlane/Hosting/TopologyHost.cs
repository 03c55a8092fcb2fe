using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Routing;
using Hal.Cache.ControlPlane.Topology;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Links, in this process.</summary>
internal sealed class TopologyHost(PlaneState state, DurableState durable) : ITopology
{
    public Task<Result<Link>> SetLinkAsync(LinkSettings settings, CancellationToken cancellation) => durable.ChangeAsync<Link>(
        async () =>
        {
            foreach (var end in new[] { settings.From, settings.To })
            {
                // An end may be configured before it registers, so it need not be known.
                if (!Names.IsValid(end)) return Names.Invalid("link's end", end);
            }
            if (TopologyGraph.Check(settings) is { } wrong) return wrong;
            if (await durable.PutAsync(StoredKind.Link, StoredKey(settings.From, settings.To), settings, StoredJson.Default.LinkSettings, cancellation) is { } error)
                return error;
            return state.Topology.Ask<Result<Link>>(t =>
            {
                var link = t.Configure(settings);
                return link.IsOk ? link.Value.Describe() : link.Error;
            });
        },
        cancellation);

    public Task<Result<Done>> RemoveLinkAsync(string from, string to, CancellationToken cancellation) => durable.ChangeAsync<Done>(
        async () =>
        {
            if (await durable.DeleteAsync(StoredKind.Link, StoredKey(from, to), cancellation) is { } error) return error;
            state.Topology.Tell(t => t.Unconfigure(from, to));
            return Done.Value;
        },
        cancellation);

    public Task<Result<Page<Link>>> ListLinksAsync(PageRequest page, CancellationToken cancellation) =>
        Task.FromResult(state.Topology.Ask(t => Paging.Of(t.Links.Select(l => l.Describe()), l => StoredKey(l.From, l.To), page)));

    public Task<Result<Done>> ObserveAsync(IReadOnlyList<LinkObservation> observations, CancellationToken cancellation)
    {
        if (observations.Count > ControlPlaneLimits.ObservationsMax)
        {
            return Task.FromResult<Result<Done>>(new CacheError(
                CacheErrorCode.Invalid, $"there are {observations.Count} observations; at most {ControlPlaneLimits.ObservationsMax} are taken at a time (ObservationsMax)"));
        }
        Observe(state, observations);
        return Task.FromResult<Result<Done>>(Done.Value);
    }

    public Task<Result<LinkPath>> PathAsync(string from, string to, long bytes, RouteWeights? weights, CancellationToken cancellation)
    {
        var msPerMoney = RouteCostModel.MsPerMoney(weights);
        if (!msPerMoney.IsOk) return Task.FromResult<Result<LinkPath>>(msPerMoney.Error);
        if (bytes < 0) return Task.FromResult<Result<LinkPath>>(new CacheError(CacheErrorCode.Invalid, $"bytes is {bytes}; it must be 0 or more"));
        foreach (var end in new[] { from, to })
        {
            if (state.Registry.Find(end) is null) return Task.FromResult<Result<LinkPath>>(InstanceRegistry.Unknown(end));
        }
        var path = state.Topology.Ask(t => t.Path(from, to, bytes, msPerMoney.Value));
        return Task.FromResult<Result<LinkPath>>(
            path is null ? new CacheError(CacheErrorCode.NotFound, $"no links lead from '{from}' to '{to}'") : path.Describe(bytes));
    }

    /// <summary>Averages observations in; those about instances that nobody knows make no links.</summary>
    public static void Observe(PlaneState state, IReadOnlyList<LinkObservation> observations)
    {
        var known = observations.Where(o => state.Registry.Find(o.From) is not null && state.Registry.Find(o.To) is not null).ToArray();
        state.Topology.Tell(t =>
        {
            foreach (var seen in known) t.Observe(seen, state.Now);
        });
    }

    // Names have no blank, which sorts below all that they have: so the order is that of the pairs.
    private static string StoredKey(string from, string to) => $"{from} {to}";
}
