using Hal.Cache.Contracts.ControlPlane;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using static Hal.Cache.ControlPlane.Http.Plane.PlaneHandler;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>Use over sliding windows.</summary>
internal static class AnalyticsEndpoints
{
    private const int PopularKeys = 100;
    private const int WindowSeconds = 60;

    public static void MapAnalytics(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/analytics/usage", Ask(Json.UsageReport, r =>
        {
            var query = new UsageQuery(r.Text("instance"), Window(r));
            return (plane, c) => plane.Analytics.UsageAsync(query, c);
        })).WithName("getUsage");

        routes.MapGet("/v1/analytics/popular-keys", AskList(Json.PagePopularKey, Json.PopularKey, r =>
        {
            var (instance, limit) = (r.Text("instance"), r.Integer("limit", PopularKeys, 1, ControlPlaneLimits.PopularKeysMax));
            return (plane, c) => plane.Analytics.PopularKeysAsync(instance, limit, c);
        })).WithName("getPopularKeys");

        routes.MapGet("/v1/analytics/links", AskList(Json.PageLinkUsage, Json.LinkUsage, r =>
        {
            var window = Window(r);
            return (plane, c) => plane.Analytics.LinkUsageAsync(window, c);
        })).WithName("getLinkUsage");

        routes.MapGet("/v1/analytics/scaling", AskList(
            Json.PageScalingSignal, Json.ScalingSignal, _ => (plane, c) => plane.Analytics.ScalingSignalsAsync(c))).WithName("getScalingSignals");
    }

    private static int Window(PlaneRequest request) => request.Integer("windowSeconds", WindowSeconds, 1, ControlPlaneLimits.WindowSecondsMax);
}
