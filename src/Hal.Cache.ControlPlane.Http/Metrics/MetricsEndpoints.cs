using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hal.Cache.ControlPlane.Http.Metrics;

/// <summary>The page that Prometheus reads.</summary>
internal static class MetricsEndpoints
{
    public static void MapMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", Get).WithName("getMetrics");

    private static async Task Get(HttpContext http, MetricsExporter exporter)
    {
        http.Response.ContentType = PrometheusText.ContentType;
        exporter.Write(http.Response.BodyWriter);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }
}
