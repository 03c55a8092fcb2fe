namespace Hal.Cache.ControlPlane.Http.Metrics;

/// <summary>The numbers of one metric with one set of labels; many threads add, one reads, nothing allocates.</summary>
internal sealed class MetricSeries(string labels, double[]? bounds)
{
    private readonly long[]? buckets = bounds is null ? null : new long[bounds.Length + 1];
    private double value;
    private long whole;

    /// <summary>The labels as they are printed, without braces.</summary>
    public string Labels => labels;

    public double[]? Bounds => bounds;

    /// <summary>The value of a counter or gauge, or a histogram's sum.</summary>
    public double Value => Volatile.Read(ref value) + Volatile.Read(ref whole);

    /// <summary>The scrape that an observed value belongs to; older ones are not printed.</summary>
    public long Scrape { get; set; }

    public void Add(long amount)
    {
        if (bounds is not null) Count(amount);
        Interlocked.Add(ref whole, amount);
    }

    public void Add(double amount)
    {
        if (bounds is not null) Count(amount);
        double seen, current = Volatile.Read(ref value);
        do seen = current;
        while ((current = Interlocked.CompareExchange(ref value, seen + amount, seen)) != seen && !double.IsNaN(current));
    }

    /// <summary>Sets what was observed; several instruments with the same labels in one scrape add up.</summary>
    public void Observe(double amount, long scrape)
    {
        value = Scrape == scrape ? value + amount : amount;
        Scrape = scrape;
    }

    public void Set(double amount)
    {
        Volatile.Write(ref whole, 0);
        Volatile.Write(ref value, amount);
    }

    /// <summary>Observations in each bucket, not cumulated; the last is beyond every bound.</summary>
    public void CopyBuckets(Span<long> target)
    {
        for (var i = 0; i < buckets!.Length; i++) target[i] = Volatile.Read(ref buckets[i]);
    }

    private void Count(double amount)
    {
        var i = 0;
        while (i < bounds!.Length && amount > bounds[i]) i++;
        Interlocked.Increment(ref buckets![i]);
    }
}
