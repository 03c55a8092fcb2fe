using System.Collections.Concurrent;

namespace Hal.Cache.ControlPlane.Http.Metrics;

using Tag = KeyValuePair<string, object?>;

/// <summary>Finds the series of a measurement by its tags, without allocating once it has been seen.</summary>
internal sealed class InstrumentState(MetricFamily family, bool observed, bool gauge, Tag[] fixedTags, Func<MetricFamily, string, MetricSeries?> create)
{
    private readonly ConcurrentDictionary<int, Entry> entries = new();
    private MetricSeries? untagged;

    public MetricFamily Family => family;

    /// <summary>True when values are told at each scrape, false when each change is told.</summary>
    public bool Observed => observed;

    /// <summary>True when a told value replaces the one before.</summary>
    public bool Gauge => gauge;

    /// <summary>The series for these tags, or null when the limit of series is reached.</summary>
    public MetricSeries? Find(ReadOnlySpan<Tag> tags)
    {
        if (tags.Length == 0) return untagged ??= create(family, MetricLabels.Of(fixedTags));
        var hash = Hash(tags);
        entries.TryGetValue(hash, out var first);
        for (var entry = first; entry is not null; entry = entry.Next)
        {
            if (Same(entry.Tags, tags)) return entry.Series;
        }
        return Add(hash, tags.ToArray());
    }

    // The family's dictionary decides which series it is, so that tags in another order, or a race here, end in the same one.
    private MetricSeries? Add(int hash, Tag[] tags)
    {
        if (create(family, MetricLabels.Of([.. fixedTags, .. tags])) is not { } series) return null;
        entries.AddOrUpdate(hash, _ => new Entry(tags, series, null), (_, first) => new Entry(tags, series, first));
        return series;
    }

    private static int Hash(ReadOnlySpan<Tag> tags)
    {
        var hash = new HashCode();
        foreach (var (key, value) in tags)
        {
            hash.Add(key);
            hash.Add(value);
        }
        return hash.ToHashCode();
    }

    private static bool Same(Tag[] known, ReadOnlySpan<Tag> tags)
    {
        if (known.Length != tags.Length) return false;
        for (var i = 0; i < tags.Length; i++)
        {
            if (known[i].Key != tags[i].Key || !Equals(known[i].Value, tags[i].Value)) return false;
        }
        return true;
    }

    private sealed record Entry(Tag[] Tags, MetricSeries Series, Entry? Next);
}
