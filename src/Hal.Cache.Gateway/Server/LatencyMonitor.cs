namespace Hal.Cache.Gateway.Server;

/// <summary>
/// Keeps spikes of latency by event: of commands that took at least <c>latency-monitor-threshold</c>, fast ones apart from others, as Redis
/// names them. Thread-safe.
/// </summary>
internal sealed class LatencyMonitor(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, LatencySeries> events = new(StringComparer.Ordinal);
    private long thresholdMilliseconds;

    /// <summary>Least length of a spike; zero keeps none.</summary>
    public TimeSpan Threshold
    {
        get => TimeSpan.FromMilliseconds(thresholdMilliseconds);
        set => Volatile.Write(ref thresholdMilliseconds, (long)value.TotalMilliseconds);
    }

    public bool IsOn => Volatile.Read(ref thresholdMilliseconds) > 0;

    /// <summary>Notes how long a command took, where that is a spike.</summary>
    public void Note(CommandSpec spec, long microseconds)
    {
        long milliseconds = microseconds / 1000, threshold = Volatile.Read(ref thresholdMilliseconds);
        if (threshold == 0 || milliseconds < threshold) return;
        string name = spec.Has(CommandFlags.Fast) ? "fast-command" : "command";
        lock (gate)
        {
            if (!events.TryGetValue(name, out LatencySeries? series)) events[name] = series = new LatencySeries();
            series.Add(time.GetUtcNow().ToUnixTimeSeconds(), milliseconds);
        }
    }

    /// <summary>Each event with its newest spike and the longest.</summary>
    public List<(string Name, long At, long Milliseconds, long Longest)> Latest()
    {
        lock (gate)
            return [.. events.Select(pair => (pair.Key, pair.Value.Newest.At, pair.Value.Newest.Milliseconds, pair.Value.Longest))];
    }

    /// <summary>An event's spikes, the oldest first, and the longest since the last reset; none where there are none.</summary>
    public ((long At, long Milliseconds)[] Samples, long Longest) History(string name)
    {
        lock (gate)
            return events.TryGetValue(name, out LatencySeries? series) ? (series.All(), series.Longest) : ([], 0);
    }

    /// <summary>Forgets an event, or all with null; returns how many.</summary>
    public int Reset(string? name)
    {
        lock (gate)
        {
            if (name is not null) return events.Remove(name) ? 1 : 0;
            int count = events.Count;
            events.Clear();
            return count;
        }
    }
}
