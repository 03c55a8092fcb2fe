using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Topology;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Links, in this process.</summary>
internal sealed class TopologyHost(PlaneState state, DurableState durable) : ITopology
{
    public Task<Result<Link>> SetLinkAsync(LinkSettings settings, CancellationToken cancellation) => durable.ChangeAsync<Link>(
        async () =>
        {
            if (Check(settings) is { } wrong) return wrong;
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
        if (TopologyRules.Check(observations) is { } wrong) return Task.FromResult<Result<Done>>(wrong);
        Observe(state, observations);
        return Task.FromResult<Result<Done>>(Done.Value);
    }

    public Task<Result<LinkPath>> PathAsync(string from, string to, long bytes, RouteWeights? weights, CancellationToken cancellation) =>
        Task.FromResult(state.Topology.Ask(t => TopologyRules.Path(t, from, to, bytes, weights, name => state.Registry.Find(name) is not null)));

    /// <summary>Takes a link as the process that has it tells: NotFound where the tree does not know both ends of one that nobody has configured.</summary>
    public static Result<Done> Show(PlaneState state, Link told)
    {
        foreach (var end in told.Configured is null && told.ObservedAt is not null ? new[] { told.From, told.To } : [])
        {
            if (state.Registry.Find(end) is not null) continue;
            state.Topology.Tell(t => t.Unconfigure(told.From, told.To));
            return InstanceRegistry.Unknown(end);
        }
        return state.Topology.Ask<Result<Done>>(t => t.Show(told) is { IsOk: false } refused ? refused.Error : Done.Value);
    }

    /// <summary>What is wrong with settings; null where nothing.</summary>
    public static CacheError? Check(LinkSettings settings)
    {
        foreach (var end in new[] { settings.From, settings.To })
        {
            // An end may be configured before it registers, so it need not be known.
            if (!Names.IsValid(end)) return Names.Invalid("link's end", end);
        }
        return TopologyGraph.Check(settings);
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
    public static string StoredKey(string from, string to) => $"{from} {to}";
}
