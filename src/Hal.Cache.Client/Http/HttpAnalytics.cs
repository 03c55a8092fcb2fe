using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

internal sealed class HttpAnalytics(PlaneCalls calls) : IAnalytics
{
    public Task<Result<UsageReport>> UsageAsync(UsageQuery query, CancellationToken cancellation) =>
        calls.GetAsync(
            new PlaneAddress("v1/analytics/usage").Query("instance", query.Instance).Query("windowSeconds", query.WindowSeconds), PlaneCalls.Json.UsageReport, cancellation);

    public async Task<Result<IReadOnlyList<PopularKey>>> PopularKeysAsync(string? instance, int limit, CancellationToken cancellation) =>
        PlaneCalls.Items(await calls.GetAsync(
            new PlaneAddress("v1/analytics/popular-keys").Query("instance", instance).Query("limit", limit), PlaneCalls.Json.PagePopularKey, cancellation));

    public async Task<Result<IReadOnlyList<LinkUsage>>> LinkUsageAsync(int windowSeconds, CancellationToken cancellation) =>
        PlaneCalls.Items(await calls.GetAsync(
            new PlaneAddress("v1/analytics/links").Query("windowSeconds", windowSeconds), PlaneCalls.Json.PageLinkUsage, cancellation));

    public async Task<Result<IReadOnlyList<ScalingSignal>>> ScalingSignalsAsync(CancellationToken cancellation) =>
        PlaneCalls.Items(await calls.GetAsync(new PlaneAddress("v1/analytics/scaling"), PlaneCalls.Json.PageScalingSignal, cancellation));
}
