using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Orleans.Roles;

namespace Hal.Cache.ControlPlane.Orleans;

/// <summary>A tree's control plane in an Orleans cluster, seen from a silo or from a client of it. Thread-safe.</summary>
public sealed class OrleansControlPlane : IControlPlane
{
    public OrleansControlPlane(IGrainFactory grains, OrleansPlaneOptions options, TimeProvider time)
        : this(() => grains, () => null, options, time)
    {
        ArgumentNullException.ThrowIfNull(grains);
    }

    /// <summary>At each call grains are asked for, and at a silo where records are, null at a client: a member that joins again has others.</summary>
    internal OrleansControlPlane(Func<IGrainFactory> grains, Func<RecordHomes?> homes, OrleansPlaneOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { } rule) throw new ArgumentException(rule, nameof(options));
        var calls = new GrainCalls(options, time);
        var tree = new TreeGrains(grains, homes, new TreeKey(options.Tree, ""), calls);
        var freshness = new Freshness(options, time);
        var sights = new RouteSights(() => tree.Tree, calls, time);
        Instances = new OrleansInstances(() => tree.Instances, tree.Instance, () => homes()?.Here, freshness, calls);
        Content = new OrleansContent(() => tree.Tree, tree.Records, freshness, calls);
        Topology = new OrleansTopology(tree.Role<ITopologyGrain>, tree.Links, sights, freshness, calls);
        Routing = new OrleansRouting(tree.Role<IRoutingGrain>, sights, tree.Records, freshness, calls);
        Ownership = new OrleansOwnership(tree.Role<IOwnershipGrain>, freshness, calls);
        Events = new OrleansEvents(() => tree.Tree, tree.Instance, calls);
        Scheduling = new OrleansScheduling(tree.Role<ISchedulingGrain>, tree.Jobs, calls);
        Batches = new OrleansBatches(() => tree.Batches, calls);
        Analytics = new OrleansAnalytics(tree.Role<IAnalyticsGrain>, calls);
    }

    public IInstances Instances { get; }

    public IContent Content { get; }

    public ITopology Topology { get; }

    public IRouting Routing { get; }

    public IOwnership Ownership { get; }

    public IEvents Events { get; }

    public IScheduling Scheduling { get; }

    public IBatches Batches { get; }

    public IAnalytics Analytics { get; }
}
