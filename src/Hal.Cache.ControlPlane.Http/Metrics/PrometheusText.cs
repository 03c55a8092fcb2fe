using System.Buffers;
using System.Globalization;
using System.Text;

namespace Hal.Cache.ControlPlane.Http.Metrics;

/// <summary>The Prometheus text format, version 0.0.4.</summary>
internal sealed class PrometheusText(IBufferWriter<byte> output)
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public void Write(MetricFamily family, long scrape)
    {
        var any = false;
        foreach (var series in family.Series)
        {
            // Observed series carry the scrape that saw them last; one that was not told this time is gone.
            if (series.Scrape != 0 && series.Scrape != scrape) continue;
            if (!any) WriteHead(family.Name, family.Help, family.Kind);
            any = true;
            if (family.Kind == MetricKind.Histogram) WriteHistogram(family.Name, series);
            else WriteSample(family.Name, series.Labels, series.Value);
        }
    }

    public void WriteCounter(string name, string help, double value)
    {
        WriteHead(name, help, MetricKind.Counter);
        WriteSample(name, "", value);
    }

    private void WriteHistogram(string name, MetricSeries series)
    {
        var bounds = series.Bounds!;
        Span<long> buckets = stackalloc long[HistogramBounds.BoundsMax + 1];
        series.CopyBuckets(buckets);
        var separator = series.Labels.Length == 0 ? "" : ",";
        var total = 0L;
        for (var i = 0; i <= bounds.Length; i++)
        {
            total += buckets[i];
            var bound = i < bounds.Length ? Number(bounds[i]) : "+Inf";
            WriteSample($"{name}_bucket", $"{series.Labels}{separator}le=\"{bound}\"", total);
        }
        WriteSample($"{name}_sum", series.Labels, series.Value);
        WriteSample($"{name}_count", series.Labels, total);
    }

    private void WriteHead(string name, string? help, MetricKind kind)
    {
        var type = kind switch { MetricKind.Counter => "counter", MetricKind.Gauge => "gauge", _ => "histogram" };
        if (!string.IsNullOrEmpty(help))
            Write($"# HELP {name} {help.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\n");
        Write($"# TYPE {name} {type}\n");
    }

    private void WriteSample(string name, string labels, double value) =>
        Write(labels.Length == 0 ? $"{name} {Number(value)}\n" : $"{name}{{{labels}}} {Number(value)}\n");

    private void Write(string text) => Encoding.UTF8.GetBytes(text, output);

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString(CultureInfo.InvariantCulture),
    };
}
