using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Makes what processes elsewhere have to know of a tree.</summary>
internal static class TreeViews
{
    public static async Task<TreeView> MakeAsync(PlaneState state, OwnershipHost ownership, DateTimeOffset startedAt, CancellationToken cancellation) => new()
    {
        Instances = [.. state.Registry.All.Values.Select(i => new ViewedInstance(i.Name, state.Now - i.HeardAt))],
        // By then whoever lives has been heard.
        IsWhole = state.Now - startedAt > state.Options.Instances.Lease,
        Owners = (await ownership.ListAsync(cancellation)).Value,
        Lease = state.Options.Instances.Lease,
        GoneAfter = state.Options.Instances.GoneAfter,
    };

    public static RouteView ForRoutes(PlaneState state, TreeView tree, string? life, long revision)
    {
        var own = state.Events.Last.LogId;
        var (links, changedAt, hasAll) = state.Topology.Ask(t =>
        {
            var changed = life == own ? t.Since(revision) : null;
            var viewed = (changed ?? t.Links).Select(l => new ViewedLink(l.From, l.To, l.LatencyMs, l.BandwidthBytesPerSecond, l.MoneyPerGiB));
            return (viewed.ToArray(), t.Revision, changed is null);
        });
        return new RouteView
        {
            Life = own,
            Tree = tree,
            Revision = changedAt,
            HasAllLinks = hasAll,
            Links = links,
            Queues = [.. state.Registry.All.Values.Where(i => i.Load.QueuedBytes > 0).Select(i => new ViewedQueue(i.Name, i.Load.QueuedBytes))],
            Failures = state.Failures.Ask(f => f.All.Select(x => new ViewedFailure(x.Source, x.Destination, x.Count)).ToArray()),
        };
    }
}
