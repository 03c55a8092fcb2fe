using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

internal sealed class OrleansRouting(Func<IRouting> grain, GrainCalls calls) : IRouting
{
    public Task<Result<IReadOnlyList<KeyRoutes>>> RoutesAsync(RouteRequest request, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().RoutesAsync(request, cancellation), cancellation);

    public Task<Result<Done>> ReportFailureAsync(RouteFailure failure, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().ReportFailureAsync(failure, cancellation), cancellation);
}
