using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using Hal.Cache.ControlPlane.Http.Metrics;

namespace Hal.Cache.ControlPlane.Http.Tests;

using Tag = KeyValuePair<string, object?>;

public sealed class MetricsTests : IDisposable
{
    // Meters are global to the process: a name of this test's own keeps others' numbers apart.
    private readonly string unique = $"m{Guid.NewGuid():N}";
    private readonly List<IDisposable> owned = [];

    [Fact]
    public void Counters_add_up_by_labels_in_any_order_of_tags()
    {
        var exporter = Exporter();
        var counter = Meter().CreateCounter<long>($"{unique}.commands", null, "Commands \\ served\nhere.");

        counter.Add(1);
        counter.Add(2, new Tag("name", "GET"), new Tag("db", 1));
        counter.Add(3, new Tag("db", 1), new Tag("name", "GET"));

        Assert.Equal(
            [
                $"# HELP {unique}_commands_total Commands \\\\ served\\nhere.",
                $"# TYPE {unique}_commands_total counter",
                $"{unique}_commands_total 1",
                $"{unique}_commands_total{{db=\"1\",name=\"GET\"}} 5",
            ],
            Lines(exporter));
    }

    [Fact]
    public void Label_values_are_escaped_and_names_cleaned()
    {
        var exporter = Exporter();

        Meter().CreateCounter<int>($"{unique}.a-b").Add(1, new Tag("peer.name", "a\\b\"c\nd"), new Tag("none", null));

        Assert.Contains($"{unique}_a_b_total{{none=\"\",peer_name=\"a\\\\b\\\"c\\nd\"}} 1", Lines(exporter));
    }

    [Fact]
    public void Up_down_counters_and_gauges_are_gauges()
    {
        var exporter = Exporter();
        var connections = Meter().CreateUpDownCounter<int>($"{unique}.connections");
        var load = Meter().CreateGauge<double>($"{unique}.load", "By");

        connections.Add(5);
        connections.Add(-7);
        load.Record(1.5);
        load.Record(0.25);

        Assert.Equal(
            [$"# TYPE {unique}_connections gauge", $"{unique}_connections -2", $"# TYPE {unique}_load_bytes gauge", $"{unique}_load_bytes 0.25"],
            Lines(exporter));
    }

    [Fact]
    public void Histograms_have_cumulated_buckets_a_sum_and_a_count()
    {
        var exporter = Exporter();
        var histogram = Meter().CreateHistogram(
            $"{unique}.took", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1, 10] });

        foreach (var value in new[] { 0.1, 0.5, 2, 50 }) histogram.Record(value, new Tag("op", "read"));

        Assert.Equal(
            [
                $"# TYPE {unique}_took_seconds histogram",
                $"{unique}_took_seconds_bucket{{op=\"read\",le=\"0.1\"}} 1",
                $"{unique}_took_seconds_bucket{{op=\"read\",le=\"1\"}} 2",
                $"{unique}_took_seconds_bucket{{op=\"read\",le=\"10\"}} 3",
                $"{unique}_took_seconds_bucket{{op=\"read\",le=\"+Inf\"}} 4",
                $"{unique}_took_seconds_sum{{op=\"read\"}} 52.6",
                $"{unique}_took_seconds_count{{op=\"read\"}} 4",
            ],
            Lines(exporter));
    }

    [Fact]
    public void Observed_values_are_asked_at_each_scrape_and_gone_when_no_longer_told()
    {
        var exporter = Exporter();
        var told = new List<Measurement<long>> { new(1, new Tag("i", "a")), new(2, new Tag("i", "b")) };
        Meter().CreateObservableGauge($"{unique}.keys", () => told);

        Assert.Contains($"{unique}_keys{{i=\"a\"}} 1", Lines(exporter));
        told.RemoveAt(0);
        told[0] = new Measurement<long>(7, new Tag("i", "b"));

        Assert.Equal([$"# TYPE {unique}_keys gauge", $"{unique}_keys{{i=\"b\"}} 7"], Lines(exporter));
    }

    [Fact]
    public void Instruments_of_one_name_share_a_family_and_leave_with_the_last()
    {
        var exporter = Exporter();
        var (first, second) = (Meter(new Tag("instance", "a")), Meter(new Tag("instance", "b")));
        first.CreateCounter<long>($"{unique}.hits").Add(1);
        second.CreateCounter<long>($"{unique}.hits").Add(2);

        Assert.Equal(
            [$"# TYPE {unique}_hits_total counter", $"{unique}_hits_total{{instance=\"a\"}} 1", $"{unique}_hits_total{{instance=\"b\"}} 2"],
            Lines(exporter));
        first.Dispose();
        second.Dispose();
        Assert.Empty(Lines(exporter));
    }

    [Fact]
    public void Series_beyond_the_limit_are_left_out_and_counted()
    {
        var options = new ControlPlaneHttpOptions { Instances = [], Match = (_, _) => true, MetricSeriesMax = 0 };
        var exporter = new MetricsExporter(options);
        owned.Add(exporter);

        Meter().CreateCounter<long>($"{unique}.many").Add(1, new Tag("k", 1));

        Assert.Empty(Lines(exporter));
        Assert.DoesNotContain("hal_cache_metrics_series_dropped_total 0", All(exporter));
    }

    [Fact]
    public void An_instrument_that_fails_is_counted_and_hides_no_other()
    {
        var exporter = Exporter();
        Meter().CreateObservableGauge($"{unique}.bad", int () => throw new InvalidOperationException("on purpose"));
        Meter().CreateObservableGauge($"{unique}.good", () => 1);

        Assert.Contains($"{unique}_good 1", Lines(exporter));
        Assert.DoesNotContain("hal_cache_metrics_callback_errors_total 0", All(exporter));
    }

    [Fact]
    public void Other_meters_are_not_shown()
    {
        var exporter = Exporter();
        var meter = new Meter("Other");
        owned.Add(meter);

        meter.CreateCounter<long>($"{unique}.x").Add(1);

        Assert.Empty(Lines(exporter));
    }

    [Fact]
    public void A_measurement_allocates_nothing_once_its_tags_are_known()
    {
        Exporter();
        var counter = Meter().CreateCounter<long>($"{unique}.hot");
        var histogram = Meter().CreateHistogram<double>($"{unique}.hist", "s");
        object name = "GET"; // a boxed tag value is the caller's to keep
        Measure(1000);

        // What is compiled anew meanwhile allocates once; a measurement that allocates does so each time.
        Assert.Equal(0, Enumerable.Range(0, 5).Min(_ => Allocated()));

        long Allocated()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Measure(10_000);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        void Measure(int times)
        {
            for (var i = 0; i < times; i++)
            {
                counter.Add(1);
                counter.Add(1, new Tag("name", name));
                histogram.Record(0.01, new Tag("name", name));
            }
        }
    }

    [Fact]
    public async Task Measurements_of_many_threads_are_all_counted()
    {
        var exporter = Exporter();
        var whole = Meter().CreateCounter<long>($"{unique}.whole");
        var parts = Meter().CreateCounter<double>($"{unique}.parts");

        await Task.WhenAll(Enumerable.Range(0, 4).Select(t => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                whole.Add(1, new Tag("k", i % 7));
                parts.Add(0.5);
            }
        })));

        var lines = Lines(exporter);
        Assert.Contains($"{unique}_parts_total 40000", lines);
        Assert.Equal(80_000, lines.Where(l => l.StartsWith($"{unique}_whole_total{{", StringComparison.Ordinal)).Sum(l => long.Parse(l.Split(' ')[1])));
    }

    [Fact]
    public async Task The_page_has_the_instances_and_the_type_of_the_format()
    {
        await using var host = await HttpHost.StartAsync(FakeInstance.WithKeys(unique, "x", "y"));

        using var response = await host.Client.GetAsync("/metrics");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        var lines = (await response.Content.ReadAsStringAsync()).Split('\n');
        Assert.Contains($"hal_cache_instance_keys{{instance=\"{unique}\"}} 2", lines);
        Assert.Contains($"hal_cache_instance_memory_limit_bytes{{instance=\"{unique}\"}} 2", lines);
    }

    public void Dispose() => owned.ForEach(o => o.Dispose());

    private MetricsExporter Exporter()
    {
        var exporter = new MetricsExporter(new ControlPlaneHttpOptions { Instances = [], Match = (_, _) => true });
        owned.Add(exporter);
        return exporter;
    }

    private Meter Meter(params Tag[] tags)
    {
        var meter = new Meter(new MeterOptions($"Hal.Cache.Test{unique}") { Tags = tags });
        owned.Add(meter);
        return meter;
    }

    private string[] Lines(MetricsExporter exporter) => [.. All(exporter).Where(l => l.Contains(unique, StringComparison.Ordinal))];

    private static string[] All(MetricsExporter exporter)
    {
        var output = new ArrayBufferWriter<byte>();
        exporter.Write(output);
        return Encoding.UTF8.GetString(output.WrittenSpan).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
