using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using static Hal.Cache.ControlPlane.Http.Plane.PlaneHandler;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>Ranked sources.</summary>
internal static class RouteEndpoints
{
    public static void MapRoutes(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/routes", TakeList(
            Json.RouteRequest, HttpLimits.BatchBodyBytesMax, Json.PageKeyRoutes, Json.KeyRoutes,
            (_, body) => (plane, c) => plane.Routing.RoutesAsync(body, c))).WithName("getRoutes");

        routes.MapPost("/v1/routes/failures", Do(
            Json.RouteFailure, HttpLimits.BodyBytesMax, (_, body) => (plane, c) => plane.Routing.ReportFailureAsync(body, c))).WithName("reportRouteFailure");
    }
}
