using System.Diagnostics;
using Hal.Cache.Silo.Telemetry;
using OpenTelemetry.Trace;

namespace Hal.Cache.Silo.Tests.Telemetry;

public sealed class RequestSamplerTests
{
    private const string HttpRequest = "Microsoft.AspNetCore.Hosting.HttpRequestIn";

    private static readonly KeyValuePair<string, object?> Redis = new("db.system.name", "redis");

    [Fact]
    public void A_trace_begins_with_a_command_or_an_http_request_and_nothing_else()
    {
        var sampler = RequestSampler.Of(null, null)!;

        Assert.Equal(SamplingDecision.RecordAndSample, Decide(sampler, "GET", ActivityKind.Server, Redis));
        Assert.Equal(SamplingDecision.RecordAndSample, Decide(sampler, HttpRequest, ActivityKind.Server, Path("/v1/routes")));
        Assert.Equal(SamplingDecision.Drop, Decide(sampler, HttpRequest, ActivityKind.Server, Path("/metrics")));
        Assert.Equal(SamplingDecision.Drop, Decide(sampler, HttpRequest, ActivityKind.Server, Path("/health/ready")));
        Assert.Equal(SamplingDecision.Drop, Decide(sampler, "System.Net.Http.HttpRequestOut", ActivityKind.Client));
        Assert.Equal(SamplingDecision.Drop, Decide(sampler, "ITreeGrain/Heartbeat", ActivityKind.Server));
    }

    [Theory]
    [InlineData(null, null, true, false)]
    [InlineData("parentbased_always_on", null, true, false)]
    [InlineData("PARENTBASED_ALWAYS_OFF", null, true, false)]
    [InlineData("parentbased_traceidratio", "0", true, false)]
    [InlineData("always_on", null, true, true)]
    [InlineData("always_off", null, false, false)]
    [InlineData("traceidratio", "0", false, false)]
    [InlineData("traceidratio", "1", true, true)]
    public void What_has_a_parent_follows_it_where_the_sampler_says_so(string? name, string? argument, bool belowKept, bool belowDropped)
    {
        var sampler = RequestSampler.Of(name, argument)!;

        Assert.Equal(belowKept, Decide(sampler, "acquire", Parent(ActivityTraceFlags.Recorded)) == SamplingDecision.RecordAndSample);
        Assert.Equal(belowDropped, Decide(sampler, "acquire", Parent(ActivityTraceFlags.None)) == SamplingDecision.RecordAndSample);
    }

    [Fact]
    public void A_ratio_is_kept_of_the_requests()
    {
        var sampler = RequestSampler.Of("parentbased_traceidratio", "0.25")!;

        var kept = Enumerable.Range(0, 4000).Count(_ => Decide(sampler, "GET", ActivityKind.Server, Redis) == SamplingDecision.RecordAndSample);

        Assert.InRange(kept, 800, 1200); // 1000 with a deviation of 27
    }

    [Theory]
    [InlineData("jaeger_remote")]
    [InlineData("often")]
    public void A_name_that_is_no_sampler_here_is_told(string name) => Assert.Null(RequestSampler.Of(name, null));

    private static KeyValuePair<string, object?> Path(string path) => new("url.path", path);

    private static ActivityContext Parent(ActivityTraceFlags flags) => new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags, isRemote: true);

    private static SamplingDecision Decide(Sampler sampler, string name, ActivityContext parent) =>
        sampler.ShouldSample(new SamplingParameters(parent, parent.TraceId, name, ActivityKind.Server)).Decision;

    private static SamplingDecision Decide(Sampler sampler, string name, ActivityKind kind, params KeyValuePair<string, object?>[] tags) =>
        sampler.ShouldSample(new SamplingParameters(default, ActivityTraceId.CreateRandom(), name, kind, tags, null)).Decision;
}
