using Hal.Cache.Silo.Telemetry;
using Microsoft.Extensions.Configuration;

namespace Hal.Cache.Silo.Tests.Telemetry;

public sealed class TelemetrySettingsTests
{
    private static readonly Uri Collector = new("http://collector:4317");

    [Fact]
    public void Nothing_is_exported_unless_somebody_says_where_to()
    {
        var settings = Read(null, ("OTEL_SERVICE_NAME", "x"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));

        Assert.Equal((false, false, false), (settings.HasTraces, settings.HasMetrics, settings.HasLogs));
    }

    [Fact]
    public void The_setting_stands_in_the_place_of_the_variable()
    {
        var settings = Read(Collector, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://elsewhere:1"), ("OTEL_EXPORTER_OTLP_HEADERS", "a=b"));

        Assert.Equal((true, true, true), (settings.HasTraces, settings.HasMetrics, settings.HasLogs));
        Assert.Equal("http://collector:4317", settings.Variables["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal("a=b", settings.Variables["OTEL_EXPORTER_OTLP_HEADERS"]);
    }

    [Fact]
    public void The_variable_alone_will_do()
    {
        Assert.True(Read(null, ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://elsewhere:1")).HasMetrics);

        var traces = Read(null, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://elsewhere:1"));
        Assert.Equal((true, false, false), (traces.HasTraces, traces.HasMetrics, traces.HasLogs));
    }

    [Fact]
    public void A_signal_is_left_out_and_all_are_where_the_variables_say_so()
    {
        var metrics = Read(Collector, ("OTEL_TRACES_EXPORTER", "none"), ("OTEL_LOGS_EXPORTER", "None"));
        var none = Read(Collector, ("OTEL_SDK_DISABLED", "true"));

        Assert.Equal((false, true, false), (metrics.HasTraces, metrics.HasMetrics, metrics.HasLogs));
        Assert.Equal((false, false, false), (none.HasTraces, none.HasMetrics, none.HasLogs));
    }

    [Fact]
    public void The_process_is_its_instances_by_name()
    {
        var attributes = TelemetrySettings.Resource(["root", "leaf"]).Build().Attributes.ToDictionary(a => a.Key, a => a.Value);

        Assert.Equal("root+leaf", attributes["service.instance.id"]);
        Assert.Equal("hal-cache", attributes["service.name"]);
        Assert.Equal(Banner.Version, attributes["service.version"]);
    }

    private static TelemetrySettings Read(Uri? endpoint, params (string Name, string Value)[] variables) => TelemetrySettings.Read(
        endpoint, new ConfigurationBuilder().AddInMemoryCollection(variables.Select(v => KeyValuePair.Create(v.Name, (string?)v.Value))).Build());
}
