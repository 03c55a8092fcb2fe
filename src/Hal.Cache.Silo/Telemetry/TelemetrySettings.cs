using OpenTelemetry.Resources;

namespace Hal.Cache.Silo.Telemetry;

/// <summary>
/// What is exported, and how: the setting <c>otlp</c> in the place of OTEL_EXPORTER_OTLP_ENDPOINT, all else by the variables that OpenTelemetry's
/// specification names, which the SDK reads from <see cref="Variables"/>.
/// </summary>
internal sealed class TelemetrySettings
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private TelemetrySettings(IConfiguration variables) => Variables = variables;

    public IConfiguration Variables { get; }

    public bool HasTraces => Has("TRACES");

    public bool HasMetrics => Has("METRICS");

    public bool HasLogs => Has("LOGS");

    /// <summary>Of this process's environment.</summary>
    public static TelemetrySettings Read(Uri? endpoint) => Read(endpoint, new ConfigurationBuilder().AddEnvironmentVariables().Build());

    public static TelemetrySettings Read(Uri? endpoint, IConfiguration variables) => new(
        endpoint is null
            ? variables
            : new ConfigurationBuilder().AddConfiguration(variables).AddInMemoryCollection([new(Endpoint, endpoint.OriginalString)]).Build());

    /// <summary>Who sends: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go over what is known here.</summary>
    public static ResourceBuilder Resource(IEnumerable<string> instances) => ResourceBuilder.CreateEmpty()
        .AddService("hal-cache", serviceVersion: Banner.Version, serviceInstanceId: string.Join('+', instances))
        .AddTelemetrySdk()
        .AddEnvironmentVariableDetector();

    private bool Has(string signal)
    {
        if (bool.TryParse(Variables["OTEL_SDK_DISABLED"], out var isDisabled) && isDisabled) return false;
        if (string.Equals(Variables[$"OTEL_{signal}_EXPORTER"]?.Trim(), "none", StringComparison.OrdinalIgnoreCase)) return false;
        return !string.IsNullOrWhiteSpace(Variables[Endpoint]) || !string.IsNullOrWhiteSpace(Variables[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]);
    }
}
