using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

internal sealed class HttpRouting(PlaneCalls calls) : IRouting
{
    public async Task<Result<IReadOnlyList<KeyRoutes>>> RoutesAsync(RouteRequest request, CancellationToken cancellation) =>
        PlaneCalls.Items(await calls.SendAsync(
            HttpMethod.Post, new PlaneAddress("v1/routes"), request, PlaneCalls.Json.RouteRequest, PlaneCalls.Json.PageKeyRoutes, cancellation));

    public Task<Result<Done>> ReportFailureAsync(RouteFailure failure, CancellationToken cancellation) =>
        calls.DoAsync(HttpMethod.Post, new PlaneAddress("v1/routes/failures"), failure, PlaneCalls.Json.RouteFailure, cancellation);
}
