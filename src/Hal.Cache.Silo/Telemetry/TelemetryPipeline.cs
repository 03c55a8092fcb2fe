using Hal.Cache.Contracts.Telemetry;
using Hal.Cache.Silo.Settings;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Hal.Cache.Silo.Telemetry;

/// <summary>
/// The process's one way out for telemetry: the instruments that <c>/metrics</c> shows, our spans, and those of the libraries that a request goes
/// through, by OTLP. Where nothing is exported there is none, and nobody listens to any span.
/// </summary>
internal sealed partial class TelemetryPipeline : IDisposable // partial: [LoggerMessage] methods at the end
{
    /// <summary>What a stop waits for the last spans and figures to arrive.</summary>
    public static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    private static readonly string[] Meters =
    [
        Spans.SourcePrefix + "*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Net.NameResolution",
        "System.Runtime", "Npgsql", "Microsoft.Orleans",
    ];

    private static readonly string[] Sources = [Spans.SourcePrefix + "*", "Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "Microsoft.Orleans.*"];

    private readonly TracerProvider? traces;
    private readonly MeterProvider? metrics;
    private readonly ExportProblems problems;

    private TelemetryPipeline(TracerProvider? traces, MeterProvider? metrics, ExportProblems problems) =>
        (this.traces, this.metrics, this.problems) = (traces, metrics, problems);

    /// <summary>Null where nothing is exported.</summary>
    public static TelemetryPipeline? Start(TelemetrySettings settings, SiloOptions options, ILoggerFactory loggers)
    {
        if (!settings.HasTraces && !settings.HasMetrics && !settings.HasLogs) return null;
        var problems = new ExportProblems(loggers.CreateLogger<ExportProblems>());
        var resource = TelemetrySettings.Resource(options.Instances.Select(i => i.Name));
        var traces = settings.HasTraces
            ? OpenTelemetry.Sdk.CreateTracerProviderBuilder()
                .ConfigureServices(services => services.AddSingleton(settings.Variables))
                .SetResourceBuilder(resource)
                .SetSampler(Sampler(settings, loggers))
                .AddSource(Sources)
                .AddOtlpExporter()
                .Build()
            : null;
        var metrics = settings.HasMetrics
            ? OpenTelemetry.Sdk.CreateMeterProviderBuilder()
                .ConfigureServices(services => services.AddSingleton(settings.Variables))
                .SetResourceBuilder(resource)
                .AddMeter(Meters)
                .AddOtlpExporter()
                .Build()
            : null;
        return new TelemetryPipeline(traces, metrics, problems);
    }

    /// <summary>Has log lines exported as well, with the level that all of them have.</summary>
    public static void AddTo(ILoggingBuilder logging, TelemetrySettings settings, SiloOptions options)
    {
        if (!settings.HasLogs) return;
        logging.Services.AddSingleton(settings.Variables);
        logging.AddOpenTelemetry(logs =>
        {
            logs.SetResourceBuilder(TelemetrySettings.Resource(options.Instances.Select(i => i.Name)));
            logs.IncludeFormattedMessage = true;
            logs.AddOtlpExporter();
        });
        // That nothing arrives can't be told by what does not arrive.
        logging.AddFilter<OpenTelemetryLoggerProvider>(typeof(ExportProblems).FullName, LogLevel.None);
    }

    /// <summary>Sends what is left, for <see cref="StopTimeout"/> at most.</summary>
    public void Dispose()
    {
        var limit = (int)StopTimeout.TotalMilliseconds;
        Parallel.Invoke(() => traces?.Shutdown(limit), () => metrics?.Shutdown(limit));
        traces?.Dispose();
        metrics?.Dispose();
        problems.Dispose();
    }

    private static Sampler Sampler(TelemetrySettings settings, ILoggerFactory loggers)
    {
        var name = settings.Variables["OTEL_TRACES_SAMPLER"];
        if (RequestSampler.Of(name, settings.Variables["OTEL_TRACES_SAMPLER_ARG"]) is { } sampler) return sampler;
        LogSampler(loggers.CreateLogger<TelemetryPipeline>(), name!);
        return RequestSampler.Of(null, null)!;
    }

    [LoggerMessage(LogLevel.Warning, "OTEL_TRACES_SAMPLER is '{Name}', which is no sampler of the specification; parentbased_always_on is used")]
    private static partial void LogSampler(ILogger log, string name);
}
