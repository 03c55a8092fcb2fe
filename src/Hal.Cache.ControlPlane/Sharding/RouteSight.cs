using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;
using Hal.Cache.ControlPlane.Routing;
using Hal.Cache.ControlPlane.Topology;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>A tree as another process ranks routes in it: links, instances, queues and failures of the last view. Thread-safe.</summary>
public sealed class RouteSight(TimeProvider time)
{
    private readonly Lock gate = new();
    private TopologyGraph topology = new();
    private volatile Seen? seen;

    /// <summary>The life of the tree and the revision of its links that are known, to ask for what is newer; null and 0 before the first view.</summary>
    public (string? Life, long Revision) Place => seen is { } now ? (now.Life, now.Revision) : (null, 0);

    /// <summary>Takes a view; one that is older than what is known, or does not join to it, changes nothing.</summary>
    public void Take(RouteView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        lock (gate)
        {
            var isSame = seen is { } before && before.Life == view.Life;
            if (isSame ? view.Revision < seen!.Revision : !view.HasAllLinks) return;
            if (view.HasAllLinks) topology = new TopologyGraph();
            foreach (var link in view.Links)
            {
                var figures = new LinkFigures { LatencyMs = link.LatencyMs, BandwidthBytesPerSecond = link.BandwidthBytesPerSecond, MoneyPerGiB = link.MoneyPerGiB };
                topology.Configure(new LinkSettings { From = link.From, To = link.To, Figures = figures });
            }
            seen = new Seen(view, time);
        }
    }

    /// <summary>What is wrong with a question; null where nothing.</summary>
    public CacheError? Check(RouteRequest request) => Answer(Now).Check(request);

    /// <summary>Ranks the sources of keys, given where they are.</summary>
    public IReadOnlyList<KeyRoutes> Rank(RouteRequest request, IReadOnlyList<LocatedKey> keys)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(keys);
        var now = Now;
        var answer = Answer(now);
        var collected = answer.Collect([.. keys.Select(k => answer.Known(k, now.Tree.Root(k.Location.Slot)))], request.Destination);
        lock (gate) return RouteAnswer.Rank(collected, request, new RoutePlanner(topology, now.Failures));
    }

    /// <summary>The cheapest way between two instances.</summary>
    public Result<LinkPath> Path(string from, string to, long bytes, RouteWeights? weights)
    {
        var now = Now;
        lock (gate) return TopologyRules.Path(topology, from, to, bytes, weights, name => now.Tree.State(name) is not null);
    }

    private Seen Now => seen ?? throw new InvalidOperationException("No view of the tree has been taken.");

    private static RouteAnswer Answer(Seen now) => new(
        name => now.Tree.State(name) is { } state ? new RouteParty(state, now.Queues.GetValueOrDefault(name)) : null);

    private sealed class Seen
    {
        public Seen(RouteView view, TimeProvider time)
        {
            (Life, Revision, Tree) = (view.Life, view.Revision, new TreeSight(view.Tree, time));
            Queues = view.Queues.ToDictionary(q => q.Instance, q => q.Bytes, StringComparer.Ordinal);
            Failures = new FailureTable(time);
            foreach (var failure in view.Failures) Failures.Set(failure.Source, failure.Destination, failure.Count);
        }

        public string Life { get; }

        public long Revision { get; }

        public TreeSight Tree { get; }

        public Dictionary<string, long> Queues { get; }

        // Only read from here on, so that no gate is needed.
        public FailureTable Failures { get; }
    }
}
