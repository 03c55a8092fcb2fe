using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Telemetry;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>A cluster of two silos that send to a collector: what grains do for a read is in the trace of the read.</summary>
public sealed class ClusterTraceTests : IDisposable
{
    private const string Grains = "Microsoft.Orleans.Application";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly PostgresServer database = new();
    private readonly OtlpReceiver collector = new("x-tenant", "t1");

    public void Dispose()
    {
        collector.Dispose();
        database.Dispose();
    }

    [Fact]
    public async Task A_trace_goes_through_grain_calls_and_no_trace_begins_with_one()
    {
        var variables = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-tenant=t1",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        };
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions
            {
                Memory = "128mb", Disk = "256mb", ClusterDatabase = database.ConnectionString("postgres"),
                Variables = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["root"] = variables, ["leaf"] = variables },
            },
            ("root", null), ("leaf", "root"));
        using var root = new RespTestClient(tree["root"].Port);
        using var leaf = new RespTestClient(tree["leaf"].Port);
        var value = new byte[5_000_000];
        Assert.Equal("OK", root.Command("SET"u8.ToArray(), "k"u8.ToArray(), value).Text);

        Assert.Equal(value, leaf.Command("GET", "k").Bytes);

        List<OtlpSpan>? read = null;
        Assert.True(
            await Eventually.HoldsAsync(
                () =>
                {
                    read = collector.Spans.GroupBy(s => s.TraceId).Select(g => g.ToList()).FirstOrDefault(trace =>
                        trace.Exists(s => s is { IsRoot: true, Service: "leaf", Name: "GET" }) && trace.Exists(s => s is { Scope: Grains, Kind: OtlpSpan.Server })
                        && trace.TrueForAll(s => s.IsRoot || trace.Exists(parent => parent.SpanId == s.ParentId)));
                    return read is not null;
                },
                Patience),
            string.Join('\n', collector.Spans.OrderBy(s => s.TraceId, StringComparer.Ordinal)));
        var route = read!.First(s => s is { Service: "leaf", Name: "route" });
        var call = read!.First(s => s is { Scope: Grains, Kind: OtlpSpan.Client } && s.ParentId == route.SpanId);
        Assert.Contains(read!, s => s is { Scope: Grains, Kind: OtlpSpan.Server } && s.ParentId == call.SpanId);
        Assert.DoesNotContain(collector.Spans, s => s.IsRoot && s.Scope.StartsWith("Microsoft.Orleans", StringComparison.Ordinal));
        Assert.True(await Eventually.HoldsAsync(() => collector.Metrics.Any(m => m.Name.StartsWith("orleans-", StringComparison.Ordinal)), Patience));
        Assert.Empty(collector.Problems);
    }
}
