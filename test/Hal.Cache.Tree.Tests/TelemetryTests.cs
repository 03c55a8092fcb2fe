using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Telemetry;

namespace Hal.Cache.Tree.Tests;

/// <summary>Root, branch and leaf as processes, their control plane by HTTP, and a collector that all send to.</summary>
public sealed class TelemetryTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempDirectory _origin = new("telemetry");
    private readonly OtlpReceiver _collector = new("x-tenant", "t1");

    public void Dispose()
    {
        _collector.Dispose();
        _origin.Dispose();
    }

    [Fact]
    public async Task One_trace_goes_from_a_client_by_route_and_parent_to_the_origin_and_metrics_and_logs_come_by_the_same_way()
    {
        var value = new byte[5_000_000]; // large enough for a route to be asked for
        new Random(1).NextBytes(value);
        await File.WriteAllBytesAsync(_origin.Combine("a-private-name"), value);
        await File.WriteAllTextAsync(_origin.Combine("small"), "text");
        using var tree = TreeProcesses.ThreeLevels(Options());
        using var plane = new PlaneClient(tree["root"]);
        await plane.UntilAsync("/v1/instances/leaf", PlaneClient.IsLive);
        using var leaf = new RespTestClient(tree["leaf"].Port);

        Assert.Equal(value, leaf.Command("GET", "o/a-private-name").Bytes);
        Assert.Equal("text", leaf.Command("GET", "o/small").Text);
        for (var hit = 0; hit < 10; hit++) Assert.Equal("text", leaf.Command("GET", "o/small").Text);
        Assert.Equal("OK", leaf.Command("SET", "w", "1").Text);

        var read = await TraceAsync(
            "GET", ("leaf", "acquire"), ("root", "acquire"), ("root", "origin fetch"), ("leaf", "route"), ("leaf", "fetch"), ("branch", "fetch"), ("root", "fetch"),
            ("root", "origin read"));
        var server = read.Single(s => s is { IsRoot: true });
        Assert.Equal(("leaf", "Hal.Cache.Gateway", OtlpSpan.Server), (server.Service, server.Scope, server.Kind));
        Assert.Equal(
            ("redis", "GET", "0", "leaf", "127.0.0.1", $"{tree["leaf"].Port}"),
            (server["db.system.name"], server["db.operation.name"], server["db.namespace"], server["hal.instance"], server["server.address"], server["server.port"]));
        var answer = read.Single(s => s is { Service: "root", Name: "acquire" });
        Assert.Equal((OtlpSpan.Server, server["hal.key.hash"]), (answer.Kind, answer["hal.key.hash"]));
        Assert.Equal("acquire", read.Single(s => s.SpanId == answer.ParentId).Name);
        var route = read.First(s => s is { Service: "leaf", Name: "route" });
        Assert.Equal("branch,root", route["hal.route.sources"]);
        var question = read.First(s => s.Scope == "System.Net.Http" && s.ParentId == route.SpanId);
        var asked = read.First(s => s.Scope == "Microsoft.AspNetCore" && s.ParentId == question.SpanId);
        Assert.Equal(("root", "/v1/routes"), (asked.Service, asked["url.path"]));
        var fetch = read.First(s => s is { Service: "leaf", Name: "fetch" });
        Assert.Equal(("branch", $"{tree["branch"].Port}"), (fetch["hal.peer"], fetch["server.port"]));
        var passedOn = read.First(s => s.ParentId == fetch.SpanId);
        Assert.Equal(("branch", "fetch", OtlpSpan.Server, "leaf"), (passedOn.Service, passedOn.Name, passedOn.Kind, passedOn["hal.peer"]));
        Assert.Contains(read, s => s is { Service: "branch", Name: "fetch", Kind: OtlpSpan.Client } && s["hal.peer"] == "root");
        Assert.Contains(read, s => s is { Service: "root", Name: "fetch", Kind: OtlpSpan.Server } && s["hal.peer"] == "branch");
        Assert.Contains(read, s => s.Name == "origin read" && s["hal.origin.prefix"] == "o/");

        var small = await TraceAsync("GET", ("root", "acquire"), ("root", "origin fetch"));
        Assert.NotEqual(server.TraceId, small[0].TraceId);
        var write = await TraceAsync("SET", ("leaf", "forward"), ("root", "SET"));
        var run = write.Single(s => s is { Service: "root", Name: "SET" });
        Assert.Equal("forward", write.Single(s => s.SpanId == run.ParentId).Name);

        // Hits make no span, nor does what the silos do by themselves; no span has a key.
        var all = _collector.Spans;
        Assert.Equal(2, all.Count(s => s is { IsRoot: true, Name: "GET" } && s.Scope == "Hal.Cache.Gateway"));
        Assert.DoesNotContain(all, s => s.IsRoot && s.Kind != OtlpSpan.Server);
        Assert.DoesNotContain(all, s => s.Attributes.Values.Any(v => v.Contains("a-private-name", StringComparison.Ordinal)));

        (string Service, string Name)[] metrics =
        [
            ("root", "hal.keyspace.origin.bytes"), ("leaf", "hal.keyspace.hits"), ("leaf", "hal.tree.link.bytes"), ("leaf", "hal.gateway.commands"),
            ("leaf", "hal.cache.instance.memory"), ("leaf", "http.client.request.duration"), ("root", "http.server.request.duration"),
            ("root", "dotnet.gc.collections"),
        ];
        Assert.True(
            await Eventually.HoldsAsync(() => metrics.All(m => _collector.Metrics.Contains(m)), Patience),
            $"not exported: {string.Join(", ", metrics.Except(_collector.Metrics))}");
        Assert.True(await Eventually.HoldsAsync(() => _collector.Logs.Any(l => l.Service == "leaf" && l.Text.Contains("listens on", StringComparison.Ordinal)), Patience));
        Assert.Empty(_collector.Problems);

        // The page for Prometheus has the same figures.
        using var http = new HttpClient();
        var page = await http.GetStringAsync($"http://127.0.0.1:{tree["leaf"].HttpPort}/metrics");
        Assert.Contains("\nhal_gateway_commands_total{command=\"get\",instance=\"leaf\"} 12\n", page, StringComparison.Ordinal);
        Assert.Contains("\nhal_tree_link_bytes_total{instance=\"leaf\",source=\"branch\"} 5000000\n", page, StringComparison.Ordinal);

        // A collection is brought whole, by the same way.
        using var root = new RespTestClient(tree["root"].Port);
        Assert.Equal(20_000, root.Command(["RPUSH", "list", .. Enumerable.Range(0, 20_000).Select(i => $"item number {i}")]).Number);
        Assert.Equal("item number 7", leaf.Command("LINDEX", "list", "7").Text);
        var pulled = await TraceAsync("LINDEX", ("leaf", "acquire"), ("leaf", "pull"), ("leaf", "fetch"), ("root", "fetch"));
        var pull = pulled.Single(s => s is { Service: "leaf", Name: "pull" });
        Assert.Equal(pulled.Single(s => s.IsRoot)["hal.key.hash"], pull["hal.key.hash"]);
        Assert.Contains(pulled, s => s is { Service: "leaf", Name: "fetch" } && IsBelow(s, pull, pulled));
    }

    private static bool IsBelow(OtlpSpan span, OtlpSpan whole, List<OtlpSpan> trace)
    {
        for (var at = span; at is not null; at = trace.Find(s => s.SpanId == at.ParentId))
        {
            if (at.ParentId == whole.SpanId) return true;
        }
        return false;
    }

    // The first trace not yet returned that begins with the command at the leaf and has all of the spans, each with its parent.
    private async Task<List<OtlpSpan>> TraceAsync(string command, params (string Service, string Name)[] spans)
    {
        List<OtlpSpan>? found = null;
        var holds = await Eventually.HoldsAsync(
            () =>
            {
                found = _collector.Spans.GroupBy(s => s.TraceId).Select(g => g.ToList()).FirstOrDefault(trace =>
                    trace.Exists(s => s.IsRoot && s.Service == "leaf" && s.Name == command) && spans.All(wanted => trace.Exists(s => (s.Service, s.Name) == wanted))
                    && (command != "GET" || trace.Exists(s => s.Name == "route") == spans.Any(wanted => wanted.Name == "route"))
                    && trace.TrueForAll(s => s.IsRoot || trace.Exists(parent => parent.SpanId == s.ParentId)));
                return found is not null;
            },
            Patience);
        var all = string.Join('\n', _collector.Spans.OrderBy(s => s.TraceId, StringComparer.Ordinal));
        Assert.True(holds, $"no whole trace of {command} with {string.Join(", ", spans)} among\n{all}");
        return found!;
    }

    private SiloProcessOptions Options()
    {
        var variables = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-tenant=t1",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        };
        string[] further = ["--otlp", _collector.Url, "--log-level", "information"];
        return new SiloProcessOptions
        {
            Memory = "128mb",
            Disk = "512mb",
            WithPlane = true,
            Origins = [$"o/=file://{_origin.Path}?freshness=immutable"],
            Further = new Dictionary<string, IReadOnlyList<string>> { ["root"] = further, ["branch"] = further, ["leaf"] = further },
            Variables = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["root"] = variables, ["branch"] = variables, ["leaf"] = variables },
        };
    }
}
