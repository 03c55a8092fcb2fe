using System.Diagnostics.Metrics;

namespace Hal.Cache.ControlPlane.Http.Metrics;

/// <summary>The buckets of a histogram: its own advice, otherwise a scale that suits its unit.</summary>
internal static class HistogramBounds
{
    public const int BoundsMax = 64;

    private static readonly double[] Seconds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private static readonly double[] Bytes = [.. Enumerable.Range(0, 13).Select(i => (double)(64L << (2 * i)))]; // 64 B to 1 GiB, by 4

    private static readonly double[] Other = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

    public static double[] Of(Instrument instrument)
    {
        var advised = instrument switch
        {
            Histogram<double> h => Advice(h),
            Histogram<float> h => Advice(h),
            Histogram<long> h => Advice(h),
            Histogram<int> h => Advice(h),
            Histogram<short> h => Advice(h),
            Histogram<byte> h => Advice(h),
            _ => null,
        };
        return advised ?? instrument.Unit switch { "s" => Seconds, "By" => Bytes, _ => Other };
    }

    private static double[]? Advice<T>(Histogram<T> histogram) where T : struct =>
        histogram.Advice?.HistogramBucketBoundaries is { Count: > 0 and <= BoundsMax } bounds
            ? [.. bounds.Select(b => Convert.ToDouble(b, System.Globalization.CultureInfo.InvariantCulture))]
            : null;
}
