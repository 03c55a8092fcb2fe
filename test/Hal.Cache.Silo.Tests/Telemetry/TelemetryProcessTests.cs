using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Silo.Tests.Telemetry;

public sealed class TelemetryProcessTests : SiloHome
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_collector_that_is_not_there_costs_a_line_of_the_log_and_nothing_else()
    {
        await using var silo = await SiloRun.ServeAsync(
            Home, ["--name", "n", "--disk", "0", "--memory", "64mb", "--otlp", $"http://127.0.0.1:{FreePort.Next()}", .. AnyPort],
            ("OTEL_METRIC_EXPORT_INTERVAL", "100"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_TRACES_SAMPLER", "often"));

        Assert.True(await Eventually.HoldsAsync(() => silo.Errors.Contains("telemetry is not exported", StringComparison.Ordinal), Patience), silo.Errors);
        silo.Signal(SiloRun.SigTerm);

        Assert.Equal(0, await silo.ExitCodeAsync());
        Assert.Contains("OTEL_TRACES_SAMPLER is 'often'", silo.Errors, StringComparison.Ordinal);
        Assert.All(
            silo.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches("telemetry is not exported|OTEL_TRACES_SAMPLER", line));
    }

    [Fact]
    public async Task An_address_that_is_none_stops_the_start()
    {
        await using var silo = await SiloRun.FinishAsync(Home, ["--otlp", "collector:4317"]);

        Assert.Equal(
            (2, "hal-cache: --otlp is 'collector:4317'; it must be an http or https address, such as http://collector:4317, or empty for none\n"),
            (await silo.ExitCodeAsync(), silo.Errors));
    }
}
