using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hal.Cache.Silo.Plane;
using Hal.Cache.Silo.Settings;
using Hal.Cache.Silo.Telemetry;
using Hal.Cache.Testing.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hal.Cache.Silo.Tests.Telemetry;

/// <summary>The services of the compose file that watch the silos, against what the silos have: no container engine runs here.</summary>
public sealed partial class ComposeTests : SiloHome
{
    private const string Folder = "samples/Telemetry";

    private static readonly string Compose = Read("docker-compose.yml");

    [Fact]
    public void Every_mounted_file_and_secret_is_there_and_every_one_that_is_there_is_mounted()
    {
        var files = FilePattern().Matches(Compose).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        var mounted = SourcePattern().Matches(Compose).Select(m => m.Groups[1].Value);

        Assert.Equal(files.Keys.Order(), mounted.Order());
        Assert.All(files.Values, file => Assert.True(File.Exists(Path.Combine(RepositoryPaths.Root, file)), file));
        Assert.Equal(
            Directory.EnumerateFiles(Path.Combine(RepositoryPaths.Root, Folder), "*", SearchOption.AllDirectories)
                .Where(f => Path.GetFileName(f) != "README.md").Select(f => Path.GetRelativePath(RepositoryPaths.Root, f).Replace('\\', '/')).Order(),
            files.Values.Order());
        Assert.Contains("credentials_file: /run/secrets/requirepass", Read($"{Folder}/prometheus.yml"), StringComparison.Ordinal);
        Assert.Matches("(?m)^  requirepass:\n    environment: HAL_REQUIREPASS$", Compose);
    }

    [Fact]
    public void Services_name_each_other_at_the_ports_that_they_have()
    {
        var collector = Read($"{Folder}/collector.yaml");
        var otlp = new Uri(Regex.Match(Compose, "HAL_OTLP: (.*)").Groups[1].Value);

        Assert.True(SiloSettings.All.Single(s => s.Name == "otlp").TryApply(new SiloOptions(), otlp.OriginalString));
        Assert.Contains($"grpc:\n        endpoint: 0.0.0.0:{otlp.Port}\n", collector, StringComparison.Ordinal);
        var page = Regex.Match(collector, @"(?m)^  prometheus:\n    endpoint: 0\.0\.0\.0:([0-9]+)$").Groups[1].Value;
        Assert.Contains($"targets: [\"collector:{page}\"]", Read($"{Folder}/prometheus.yml"), StringComparison.Ordinal);
        var sources = Read($"{Folder}/grafana/datasources.yaml");
        var traces = Regex.Match(collector, @"(?m)^    endpoint: ([a-z]+):4317$").Groups[1].Value;
        string[] named = [otlp.Host, traces, .. UrlPattern().Matches(sources).Select(m => m.Groups[1].Value)];
        Assert.Equal(["collector", "jaeger", "prometheus", "jaeger"], named);
        Assert.All(named, service => Assert.Matches($"(?m)^  {service}:\n    image: [a-z/-]+:v?[0-9.]+$", Compose));
        Assert.NotNull(RequestSampler.Of(Regex.Match(Compose, "OTEL_TRACES_SAMPLER: (.*)").Groups[1].Value, null));
    }

    [Fact]
    public void Only_loopback_is_published()
    {
        Assert.NotEmpty(PublishedPattern().Matches(Compose));
        Assert.All(PublishedPattern().Matches(Compose).Select(m => m.Groups[1].Value), port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_metric_of_the_dashboard_is_an_instrument_of_the_silo()
    {
        using var dashboard = JsonDocument.Parse(Read($"{Folder}/grafana/hal-cache.json"));
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToArray();
        var instruments = await InstrumentsAsync();

        var used = panels.SelectMany(p => p.GetProperty("targets").EnumerateArray()).Select(t => t.GetProperty("expr").GetString()!)
            .Append(dashboard.RootElement.GetProperty("templating").GetRawText())
            .SelectMany(text => MetricPattern().Matches(text).Select(m => m.Value)).Distinct().ToArray();

        Assert.True(used.Length > 20);
        Assert.Empty(used.Except(instruments));
        Assert.Equal(panels.Length, panels.Select(p => p.GetProperty("id").GetInt32()).Distinct().Count());
        var known = Regex.Matches(Read($"{Folder}/grafana/datasources.yaml"), "uid: (.*)").Select(m => m.Groups[1].Value).ToArray();
        Assert.All(panels, p => Assert.Contains(p.GetProperty("datasource").GetProperty("uid").GetString(), known));
    }

    // All instruments of a silo with a root, under the names that Prometheus sees.
    private async Task<IReadOnlyCollection<string>> InstrumentsAsync()
    {
        var names = new ConcurrentDictionary<string, bool>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name.StartsWith("Hal.Cache.", StringComparison.Ordinal)) names[PrometheusName(instrument)] = true;
            },
        };
        listener.Start();
        var options = SettingsReader.Read(
            new Dictionary<string, IReadOnlyList<string>>
            {
                ["name"] = ["figures"], ["role"] = ["root"], ["cluster-secret"] = [Write("secret", "a secret of the cluster")], ["memory"] = ["64mb"], ["disk"] = ["0"],
                ["listen"] = ["127.0.0.1:0"], ["http"] = ["127.0.0.1:0"],
            },
            _ => null,
            out var error);
        Assert.Null(error);
        var directory = new PeerDirectory();
        var opened = await SiloInstance.OpenAsync(options!, 100, directory, null, NullLoggerFactory.Instance, CancellationToken.None);
        await using var instance = opened.Value;
        await using var plane = (await SiloPlane.OpenAsync(options!, NullLoggerFactory.Instance, CancellationToken.None)).Value;
        await using var host = await SiloHost.StartAsync(options!, [instance], directory, null, plane, NullLoggerFactory.Instance, CancellationToken.None);
        await host.StopAsync();
        return [.. names.Keys];
    }

    // OpenTelemetry's rules for names in Prometheus, as far as our instruments need them.
    private static string PrometheusName(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        var unit = instrument.Unit switch { "By" => "_bytes", "s" => "_seconds", _ => "" };
        if (!name.EndsWith(unit, StringComparison.Ordinal)) name += unit;
        var type = instrument.GetType().Name;
        return type.Contains("Counter", StringComparison.Ordinal) && !type.Contains("UpDown", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(RepositoryPaths.Root, path));

    [GeneratedRegex("(?m)^  ([a-z-]+):\n    file: (.*)$")]
    private static partial Regex FilePattern();

    [GeneratedRegex("(?m)^      - source: (.*)$")]
    private static partial Regex SourcePattern();

    [GeneratedRegex("(?m)^    url: http://([a-z]+):[0-9]+$")]
    private static partial Regex UrlPattern();

    [GeneratedRegex("(?m)^      - \"([^\"]*:[0-9]+)\"$")]
    private static partial Regex PublishedPattern();

    [GeneratedRegex("hal_[a-z_]+")]
    private static partial Regex MetricPattern();
}
