using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Analytics;

/// <summary>Use of all instances and links. Not thread-safe: its host serialises access.</summary>
internal sealed class UsageBoard(TimeProvider time)
{
    /// <summary>Links with use of their own in one step; what goes over further ones is counted for the instances only.</summary>
    public const int LinksPerStepMax = 4096;

    /// <summary>How often counts of popular keys are halved.</summary>
    public static readonly TimeSpan HalvePopular = TimeSpan.FromMinutes(5);

    private readonly SortedDictionary<string, InstanceUsage> instances = new(StringComparer.Ordinal);
    private readonly SlidingWindow<Dictionary<(string From, string To), LinkCounts>> links = new(time);
    private readonly SpaceSaving popular = new(4096);
    private DateTimeOffset halvedAt = time.GetUtcNow();

    /// <summary>Makes a place for an instance.</summary>
    public InstanceUsage Of(string instance)
    {
        if (!instances.TryGetValue(instance, out var usage)) instances.Add(instance, usage = new InstanceUsage(time));
        return usage;
    }

    public void Forget(string instance) => instances.Remove(instance);

    public void Read(string instance, CacheKey key, long reads)
    {
        popular.Add(key, reads);
        Of(instance).Popular.Add(key, reads);
    }

    public void Transfer(string from, string to, long bytes, long objects, double money)
    {
        var now = links.Now;
        if (!now.TryGetValue((from, to), out var counts))
        {
            if (now.Count >= LinksPerStepMax) return;
            now.Add((from, to), counts = new LinkCounts());
        }
        counts.Bytes += bytes;
        counts.Objects += objects;
        counts.Money += money;
    }

    /// <summary>Sums of one instance, or of all where null.</summary>
    public UsageCounts Sum(string? instance, int windowSeconds)
    {
        var sum = new UsageCounts();
        var of = instance is null ? instances.Values.AsEnumerable() : instances.TryGetValue(instance, out var one) ? [one] : [];
        foreach (var counts in of.SelectMany(u => u.Window.Last(windowSeconds))) sum.Add(counts);
        return sum;
    }

    public IReadOnlyList<PopularKey> Popular(string? instance, int limit) =>
        instance is null ? popular.Top(limit) : instances.TryGetValue(instance, out var one) ? one.Popular.Top(limit) : [];

    public IReadOnlyList<LinkUsage> Links(int windowSeconds) =>
    [
        .. links.Last(windowSeconds).SelectMany(step => step)
            .GroupBy(l => l.Key, l => l.Value)
            .Select(g => new LinkUsage(g.Key.From, g.Key.To, g.Sum(c => c.Bytes), g.Sum(c => c.Objects), g.Sum(c => c.Money)))
            .OrderBy(l => l.From, StringComparer.Ordinal).ThenBy(l => l.To, StringComparer.Ordinal),
    ];

    /// <summary>Lets old popularity fade, where it is time.</summary>
    public void Tick()
    {
        if (time.GetUtcNow() - halvedAt < HalvePopular) return;
        halvedAt = time.GetUtcNow();
        popular.Halve();
        foreach (var usage in instances.Values) usage.Popular.Halve();
    }
}
