using System.Numerics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Topology;

/// <summary>The directed links of a tree and the cheapest ways over them. Not thread-safe: its host serialises access.</summary>
internal sealed class TopologyGraph
{
    // Ways are kept until a link changes; a tree with many destinations and weights must not grow this without end.
    private const int SearchesMax = 4096;

    private readonly SortedDictionary<(string From, string To), LinkState> links = new(
        Comparer<(string From, string To)>.Create((a, b) =>
            string.CompareOrdinal(a.From, b.From) is not 0 and var order ? order : string.CompareOrdinal(a.To, b.To)));

    private readonly Dictionary<(string Destination, double MsPerMoney, int SizeClass), PathSearch> searches = [];
    private readonly Dictionary<LinkState, (double LatencyMs, double Bandwidth)> searchedWith = [];
    private ILookup<string, LinkState>? linksTo;
    private long removedAt;

    /// <summary>Number of the last change that ways depend on; it rises.</summary>
    public long Revision { get; private set; }

    /// <summary>By source, then destination.</summary>
    public IEnumerable<LinkState> Links => links.Values;

    public LinkState? Find(string from, string to) => links.GetValueOrDefault((from, to));

    /// <summary>Links that have changed since a revision; null where one has been removed since, so that all have to be looked at.</summary>
    public IReadOnlyList<LinkState>? Since(long revision) => removedAt > revision ? null : [.. links.Values.Where(l => l.Revision > revision)];

    /// <summary>The links of this moment in a graph of their own.</summary>
    public TopologyGraph Copy()
    {
        var copy = new TopologyGraph();
        foreach (var (ends, link) in links) copy.links.Add(ends, link.Copy());
        return copy;
    }

    /// <summary>What is wrong with figures, or with ends; null where nothing.</summary>
    public static CacheError? Check(LinkSettings settings)
    {
        if (settings.From == settings.To) return Invalid($"a link must not lead from '{settings.From}' to itself");
        var figures = settings.Figures;
        if (figures.LatencyMs is { } latency && !(latency >= 0 && double.IsFinite(latency))) return Invalid($"latencyMs is {latency}; it must be 0 or more");
        if (figures.BandwidthBytesPerSecond is { } bandwidth && !(bandwidth > 0 && double.IsFinite(bandwidth)))
            return Invalid($"bandwidthBytesPerSecond is {bandwidth}; it must be above 0");
        if (figures.MoneyPerGiB is { } money && !(money >= 0 && double.IsFinite(money))) return Invalid($"moneyPerGiB is {money}; it must be 0 or more");
        return null;
    }

    public Result<LinkState> Configure(LinkSettings settings)
    {
        var link = Take(settings.From, settings.To);
        if (!link.IsOk) return link;
        link.Value.Configured = settings.Figures;
        Changed(link.Value);
        return link;
    }

    public void Unconfigure(string from, string to)
    {
        if (Find(from, to) is not { } link) return;
        link.Configured = null;
        Drop(link);
    }

    /// <summary>Joins a child to its parent, both ways, or parts them.</summary>
    public CacheError? Join(string parent, string child, bool joined)
    {
        foreach (var (from, to) in new[] { (parent, child), (child, parent) })
        {
            if (!joined && Find(from, to) is null) continue;
            var link = Take(from, to);
            if (!link.IsOk) return link.Error;
            link.Value.IsOfTree = joined;
            Drop(link.Value);
        }
        return null;
    }

    /// <summary>Forgets what was measured and joined at an instance that has left; what was configured stays for its return.</summary>
    public void Leave(string instance)
    {
        foreach (var link in links.Values.Where(l => (l.From == instance || l.To == instance) && l.Configured is null).ToArray())
        {
            Remove(link);
        }
        Forget();
    }

    /// <summary>Takes a link as its own process has it.</summary>
    public Result<LinkState> Show(Link told)
    {
        var link = Take(told.From, told.To);
        if (!link.IsOk) return link;
        link.Value.Configured = told.Configured;
        link.Value.Recall(told.Measured, told.ObservedAt);
        if (link.Value.IsEmpty) Drop(link.Value);
        else if (link.Value.HasMovedSinceMark) Changed(link.Value);
        return link;
    }

    public void Observe(LinkObservation seen, DateTimeOffset now)
    {
        if (!LinkState.IsSane(seen)) return;
        var link = Take(seen.From, seen.To);
        if (!link.IsOk) return;
        link.Value.Observe(seen, now);
        if (searchedWith.TryGetValue(link.Value, out var before)
            && !LinkState.HasMoved(before.LatencyMs, link.Value.LatencyMs) && !LinkState.HasMoved(before.Bandwidth, link.Value.BandwidthBytesPerSecond))
        {
            return;
        }
        Changed(link.Value);
    }

    /// <summary>The cheapest way; the choice is made for the size's power of two, so that it can be kept. Null where there is none.</summary>
    public PathFigures? Path(string from, string to, long bytes, double msPerMoney)
    {
        var sizeClass = BitOperations.Log2((ulong)bytes | 1);
        if (!searches.TryGetValue((to, msPerMoney, sizeClass), out var search))
        {
            if (searches.Count >= SearchesMax) searches.Clear();
            if (linksTo is null)
            {
                linksTo = links.Values.ToLookup(l => l.To, StringComparer.Ordinal);
                foreach (var link in links.Values) searchedWith[link] = (link.LatencyMs, link.BandwidthBytesPerSecond);
            }
            search = new PathSearch(linksTo, to, 1L << sizeClass, msPerMoney);
            searches.Add((to, msPerMoney, sizeClass), search);
        }
        return search.From(from);
    }

    /// <summary>
    /// What bytes cost that went from one instance to another: by the link that an operator has priced between them, which is the one they took; where there
    /// is none, by the fastest way.
    /// </summary>
    public double MoneyOf(string from, string to, long bytes) => Find(from, to) is { Configured.MoneyPerGiB: { } perGiB }
        ? bytes / LinkDefaults.BytesPerGiB * perGiB
        : Path(from, to, bytes, 0)?.Money(bytes) ?? 0;

    private static CacheError Invalid(string message) => new(CacheErrorCode.Invalid, message);

    private Result<LinkState> Take(string from, string to)
    {
        if (Find(from, to) is { } known) return known;
        if (links.Count >= ControlPlaneLimits.LinksMax)
            return new CacheError(CacheErrorCode.Busy, $"there are {links.Count} links already, which is the limit (LinksMax)");
        return links[(from, to)] = new LinkState(from, to);
    }

    private void Drop(LinkState link)
    {
        if (link.IsEmpty) Remove(link);
        else Changed(link);
        Forget();
    }

    private void Remove(LinkState link)
    {
        links.Remove((link.From, link.To));
        searchedWith.Remove(link);
        removedAt = ++Revision;
    }

    private void Changed(LinkState link)
    {
        link.Mark(++Revision);
        Forget();
    }

    private void Forget()
    {
        searches.Clear();
        linksTo = null;
    }
}
