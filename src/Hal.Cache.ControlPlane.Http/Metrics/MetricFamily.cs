namespace Hal.Cache.ControlPlane.Http.Metrics;

/// <summary>One metric: its name, kind and series by labels. Instruments of one name, as each instance has them, share a family.</summary>
internal sealed class MetricFamily(string name, MetricKind kind, string? help, double[]? bounds)
{
    private readonly Dictionary<string, MetricSeries> series = new(StringComparer.Ordinal);

    public string Name => name;

    public MetricKind Kind => kind;

    public string? Help => help;

    public double[]? Bounds => bounds;

    /// <summary>Instruments that write here; the family goes with the last.</summary>
    public int Instruments { get; set; }

    public IReadOnlyCollection<MetricSeries> Series => series.Values;

    public MetricSeries? Find(string labels) => series.GetValueOrDefault(labels);

    public MetricSeries Add(string labels)
    {
        var added = new MetricSeries(labels, bounds);
        series.Add(labels, added);
        return added;
    }
}
