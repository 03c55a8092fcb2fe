namespace Hal.Cache.ControlPlane.Topology;

/// <summary>The cheapest ways from every instance to one destination, for one size and one weight of money.</summary>
/// <remarks>
/// A path costs the sum of its links' latency and weighed money, plus size over its narrowest bandwidth, which does not add up. So the
/// search is Dijkstra's (1959) by the sum alone, backwards from the destination, and takes a place again whenever a costlier label has more
/// bandwidth than all before it: the labels that are left are those that no other beats in both, among which the total decides.
/// A direct link is taken all the same where it costs hardly more.
/// </remarks>
internal sealed class PathSearch
{
    /// <summary>
    /// How much more than the cheapest way a direct link may cost, as a part of that: figures are moving averages, and one more hop for what
    /// is within their noise is one more instance that works and may fail.
    /// </summary>
    public const double DirectTolerance = 0.05;

    private readonly record struct Label(string Node, double Sum, double Bandwidth, int Before, LinkState? Link);

    private readonly List<Label> labels = [];
    private readonly Dictionary<string, int> best = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Label> direct = new(StringComparer.Ordinal);

    public PathSearch(ILookup<string, LinkState> linksTo, string destination, long bytes, double msPerMoney)
    {
        var widest = new Dictionary<string, double>(StringComparer.Ordinal);
        var queue = new PriorityQueue<Label, (double Sum, double Narrowness, string Node)>();
        queue.Enqueue(new Label(destination, 0, double.PositiveInfinity, -1, null), (0, 0, destination));
        while (queue.TryDequeue(out var label, out _))
        {
            if (widest.TryGetValue(label.Node, out var bandwidth) && label.Bandwidth <= bandwidth) continue;
            widest[label.Node] = label.Bandwidth;
            var at = labels.Count;
            labels.Add(label);
            if (!best.TryGetValue(label.Node, out var known) || Total(label, bytes) < Total(labels[known], bytes)) best[label.Node] = at;
            foreach (var link in linksTo[label.Node])
            {
                var sum = label.Sum + link.LatencyMs + (msPerMoney * link.MoneyPerGiB * bytes / LinkDefaults.BytesPerGiB);
                var narrowest = Math.Min(label.Bandwidth, link.BandwidthBytesPerSecond);
                var next = new Label(link.From, sum, narrowest, at, link);
                if (label.Link is null) direct[link.From] = next;
                queue.Enqueue(next, (sum, -narrowest, link.From));
            }
        }
        foreach (var (node, link) in direct)
        {
            if (best.TryGetValue(node, out var cheapest) && Total(link, bytes) > (1 + DirectTolerance) * Total(labels[cheapest], bytes)) continue;
            best[node] = labels.Count;
            labels.Add(link);
        }
    }

    /// <summary>The cheapest way from an instance; null where there is none.</summary>
    public PathFigures? From(string source)
    {
        if (!best.TryGetValue(source, out var at)) return null;
        var hops = new List<string>();
        double latency = 0, money = 0;
        var bandwidth = labels[at].Bandwidth;
        for (; at >= 0; at = labels[at].Before)
        {
            hops.Add(labels[at].Node);
            latency += labels[at].Link?.LatencyMs ?? 0;
            money += labels[at].Link?.MoneyPerGiB ?? 0;
        }
        return new PathFigures(hops, latency, bandwidth, money);
    }

    private static double Total(Label label, long bytes) => label.Sum + (bytes / label.Bandwidth * 1000);
}
