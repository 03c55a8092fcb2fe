using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

internal sealed class OrleansAnalytics(Func<IAnalytics> grain, GrainCalls calls) : IAnalytics
{
    public Task<Result<UsageReport>> UsageAsync(UsageQuery query, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().UsageAsync(query, cancellation), cancellation);

    public Task<Result<IReadOnlyList<PopularKey>>> PopularKeysAsync(string? instance, int limit, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().PopularKeysAsync(instance, limit, cancellation), cancellation);

    public Task<Result<IReadOnlyList<LinkUsage>>> LinkUsageAsync(int windowSeconds, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().LinkUsageAsync(windowSeconds, cancellation), cancellation);

    public Task<Result<IReadOnlyList<ScalingSignal>>> ScalingSignalsAsync(CancellationToken cancellation) =>
        calls.CallAsync(() => grain().ScalingSignalsAsync(cancellation), cancellation);
}
