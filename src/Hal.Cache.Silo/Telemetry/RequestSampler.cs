using System.Globalization;
using Hal.Cache.Contracts.Telemetry;
using OpenTelemetry.Trace;

namespace Hal.Cache.Silo.Telemetry;

/// <summary>
/// Lets traces begin with what somebody asked for, a client's command or an HTTP request, and leaves to another sampler how many of
/// them; what the silo does by itself (heartbeats, reports, its records) and probes would be most of all spans, and tell nothing.
/// </summary>
internal sealed class RequestSampler(Sampler requests) : Sampler
{
    private const string HttpRequest = "Microsoft.AspNetCore.Hosting.HttpRequestIn";
    private const string Path = "url.path";

    private static readonly string[] Probes = ["/health", "/metrics"];

    /// <summary>
    /// The sampler that OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG name, always_on below a parent that is kept where they are absent; null for a name that
    /// the specification has not.
    /// </summary>
    public static Sampler? Of(string? name, string? argument)
    {
        var ratio = double.TryParse(argument, NumberStyles.Float, CultureInfo.InvariantCulture, out var given) && given is >= 0 and <= 1 ? given : 1;
        return name?.Trim().ToLowerInvariant() switch
        {
            null or "" or "parentbased_always_on" => new ParentBasedSampler(new RequestSampler(new AlwaysOnSampler())),
            "parentbased_always_off" => new ParentBasedSampler(new AlwaysOffSampler()),
            "parentbased_traceidratio" => new ParentBasedSampler(new RequestSampler(new TraceIdRatioBasedSampler(ratio))),
            "always_on" => new RequestSampler(new AlwaysOnSampler()),
            "always_off" => new AlwaysOffSampler(),
            "traceidratio" => new RequestSampler(new TraceIdRatioBasedSampler(ratio)),
            _ => null,
        };
    }

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        samplingParameters.ParentContext.TraceId != default || IsRequest(samplingParameters)
            ? requests.ShouldSample(samplingParameters)
            : new SamplingResult(SamplingDecision.Drop);

    private static bool IsRequest(in SamplingParameters span)
    {
        var isRequest = span.Name == HttpRequest;
        foreach (var (tag, value) in span.Tags ?? [])
        {
            if (tag == SpanTags.DbSystem) isRequest = true;
            if (tag == Path && Array.Exists(Probes, p => value is string path && path.StartsWith(p, StringComparison.Ordinal))) return false;
        }
        return isRequest;
    }
}
