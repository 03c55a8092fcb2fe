using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Orleans.Roles;

namespace Hal.Cache.ControlPlane.Orleans;

/// <summary>A tree's control plane in an Orleans cluster, seen from a silo or from a client of it. Thread-safe.</summary>
public sealed class OrleansControlPlane : IControlPlane
{
    public OrleansControlPlane(IGrainFactory grains, OrleansPlaneOptions options, TimeProvider time)
        : this(() => grains, options, time)
    {
        ArgumentNullException.ThrowIfNull(grains);
    }

    /// <summary>With grains that are asked for at each call, since a member that joins again has others.</summary>
    internal OrleansControlPlane(Func<IGrainFactory> grains, OrleansPlaneOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Validate() is { } rule) throw new ArgumentException(rule, nameof(options));
        var calls = new GrainCalls(options, time);
        var records = new RecordCalls(grains, options.Tree, calls);
        var freshness = new Freshness(options, time);
        var links = new LinkCalls(grains, options.Tree, calls);
        var sights = new RouteSights(() => grains().GetGrain<ITreeGrain>(options.Tree), calls, time);
        ICacheInstanceGrain Instance(string name) => grains().GetGrain<ICacheInstanceGrain>(TreeKey.Of(options.Tree, name));
        Instances = new OrleansInstances(() => grains().GetGrain<IInstancesGrain>(options.Tree), Instance, freshness, calls);
        Content = new OrleansContent(() => grains().GetGrain<ITreeGrain>(options.Tree), records, freshness, calls);
        Topology = new OrleansTopology(() => grains().GetGrain<ITopologyGrain>(options.Tree), links, sights, freshness, calls);
        Routing = new OrleansRouting(() => grains().GetGrain<IRoutingGrain>(options.Tree), sights, records, freshness, calls);
        Ownership = new OrleansOwnership(() => grains().GetGrain<IOwnershipGrain>(options.Tree), freshness, calls);
        Events = new OrleansEvents(() => grains().GetGrain<ITreeGrain>(options.Tree), Instance, calls);
        Scheduling = new OrleansScheduling(() => grains().GetGrain<ISchedulingGrain>(options.Tree), new JobCalls(grains, options.Tree, calls), calls);
        Analytics = new OrleansAnalytics(() => grains().GetGrain<IAnalyticsGrain>(options.Tree), calls);
    }

    public IInstances Instances { get; }

    public IContent Content { get; }

    public ITopology Topology { get; }

    public IRouting Routing { get; }

    public IOwnership Ownership { get; }

    public IEvents Events { get; }

    public IScheduling Scheduling { get; }

    public IAnalytics Analytics { get; }
}
