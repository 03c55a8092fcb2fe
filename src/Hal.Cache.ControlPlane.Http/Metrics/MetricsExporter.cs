using System.Buffers;
using System.Diagnostics.Metrics;

namespace Hal.Cache.ControlPlane.Http.Metrics;

using Tag = KeyValuePair<string, object?>;

/// <summary>Listens to every instrument of meters named <c>Hal.Cache.*</c>, and prints what they have told.</summary>
internal sealed class MetricsExporter : IDisposable
{
    private const string MeterPrefix = "Hal.Cache.";

    private readonly Lock gate = new();
    private readonly SortedDictionary<string, MetricFamily> families = new(StringComparer.Ordinal);
    private readonly MeterListener listener = new();
    private readonly int seriesMax;
    private int seriesCount;
    private long dropped;
    private long callbackErrors;
    private long scrape;

    public MetricsExporter(ControlPlaneHttpOptions options)
    {
        seriesMax = options.MetricSeriesMax;
        listener.InstrumentPublished = Publish;
        listener.MeasurementsCompleted = (_, state) => Complete((InstrumentState)state!);
        listener.SetMeasurementEventCallback<byte>((_, value, tags, state) => Take(state, (long)value, tags));
        listener.SetMeasurementEventCallback<short>((_, value, tags, state) => Take(state, (long)value, tags));
        listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Take(state, (long)value, tags));
        listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Take(state, value, tags));
        listener.SetMeasurementEventCallback<float>((_, value, tags, state) => Take(state, (double)value, tags));
        listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Take(state, value, tags));
        listener.SetMeasurementEventCallback<decimal>((_, value, tags, state) => Take(state, (double)value, tags));
        listener.Start();
    }

    /// <summary>Asks the observed instruments, then prints every family.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        lock (gate)
        {
            scrape++;
            try
            {
                listener.RecordObservableInstruments();
            }
            catch (AggregateException failures)
            {
                // An instrument's callback failed; the others have been asked all the same.
                callbackErrors += failures.InnerExceptions.Count;
            }
            var text = new PrometheusText(output);
            foreach (var family in families.Values) text.Write(family, scrape);
            text.WriteCounter("hal_cache_metrics_series_dropped_total", "Measurements left out because the limit of series is reached.", Interlocked.Read(ref dropped));
            text.WriteCounter("hal_cache_metrics_callback_errors_total", "Observed instruments that failed when they were asked.", callbackErrors);
        }
    }

    public void Dispose() => listener.Dispose();

    private void Publish(Instrument instrument, MeterListener to)
    {
        if (!instrument.Meter.Name.StartsWith(MeterPrefix, StringComparison.Ordinal)) return;
        var type = instrument.GetType().GetGenericTypeDefinition();
        var kind = type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter
            : type == typeof(Histogram<>) ? MetricKind.Histogram
            : MetricKind.Gauge;
        var name = MetricName.Of(instrument, kind);
        if (Join(instrument, name, kind) is not { } family) return;
        Tag[] fixedTags = [.. instrument.Meter.Tags ?? [], .. instrument.Tags ?? []];
        to.EnableMeasurementEvents(instrument, new InstrumentState(family, instrument.IsObservable, type == typeof(Gauge<>), fixedTags, Create));
    }

    private MetricFamily? Join(Instrument instrument, string name, MetricKind kind)
    {
        lock (gate)
        {
            if (!families.TryGetValue(name, out var family))
            {
                family = new MetricFamily(name, kind, instrument.Description, kind == MetricKind.Histogram ? HistogramBounds.Of(instrument) : null);
                families.Add(name, family);
            }
            // Two kinds under one name can't be told apart on the page; the first keeps it.
            if (family.Kind != kind) return null;
            family.Instruments++;
            return family;
        }
    }

    private void Complete(InstrumentState state)
    {
        lock (gate)
        {
            if (--state.Family.Instruments > 0) return;
            families.Remove(state.Family.Name);
            seriesCount -= state.Family.Series.Count;
        }
    }

    private MetricSeries? Create(MetricFamily family, string labels)
    {
        lock (gate)
        {
            if (family.Find(labels) is { } known) return known;
            if (seriesCount >= seriesMax) return null;
            seriesCount++;
            return family.Add(labels);
        }
    }

    private void Take(object? state, long value, ReadOnlySpan<Tag> tags)
    {
        var instrument = (InstrumentState)state!;
        if (instrument.Find(tags) is not { } series) Interlocked.Increment(ref dropped);
        else if (instrument.Observed) series.Observe(value, scrape);
        else if (instrument.Gauge) series.Set(value);
        else series.Add(value);
    }

    private void Take(object? state, double value, ReadOnlySpan<Tag> tags)
    {
        var instrument = (InstrumentState)state!;
        if (instrument.Find(tags) is not { } series) Interlocked.Increment(ref dropped);
        else if (instrument.Observed) series.Observe(value, scrape);
        else if (instrument.Gauge) series.Set(value);
        else series.Add(value);
    }
}
