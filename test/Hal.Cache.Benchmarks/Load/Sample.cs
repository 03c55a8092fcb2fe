using System.Diagnostics;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>One measurement: a value in its row's unit and, for throughput, the 50th and 99th percentile of latency in ms.</summary>
internal sealed record Sample(double Value, double? P50Ms = null, double? P99Ms = null)
{
    /// <summary>A rate, and the percentiles of latencies in ticks of <see cref="Stopwatch"/>, which are sorted in place.</summary>
    public static Sample Of(long[] ticks, double rate)
    {
        Array.Sort(ticks);
        return new Sample(rate, At(0.50), At(0.99));

        double At(double share) => ticks[Math.Min(ticks.Length - 1, (int)(ticks.Length * share))] * 1000.0 / Stopwatch.Frequency;
    }

    /// <summary>The median of each figure on its own.</summary>
    public static Sample Median(IReadOnlyCollection<Sample> samples) => new(
        Middle(samples.Select(sample => sample.Value))!.Value,
        Middle(samples.Where(sample => sample.P50Ms is not null).Select(sample => sample.P50Ms!.Value)),
        Middle(samples.Where(sample => sample.P99Ms is not null).Select(sample => sample.P99Ms!.Value)));

    /// <summary>The median; null of nothing.</summary>
    public static double? Middle(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0)
            return null;
        var half = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
