using Hal.Cache.ControlPlane.Http.Metrics;
using Hal.Cache.ControlPlane.Http.Inventory;
using Hal.Cache.ControlPlane.Http.Plane;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>Puts the HTTP edge into an application.</summary>
public static class ControlPlaneHttpServices
{
    public static IServiceCollection AddControlPlaneHttp(this IServiceCollection services, ControlPlaneHttpOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<MetricsExporter>();
        services.AddSingleton<InstanceMetrics>();
        services.AddSingleton<LargeBodies>();
        services.AddRoutingCore();
        return services;
    }

    /// <summary>Maps every endpoint of <c>openapi.yaml</c>, behind problem responses and, where a secret is set, authentication.</summary>
    public static void MapControlPlane(this WebApplication app)
    {
        // Made now, so that what is counted before the first request for /metrics is in it.
        app.Services.GetRequiredService<MetricsExporter>();
        app.Services.GetRequiredService<InstanceMetrics>();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UseMiddleware<BearerMiddleware>();
        app.MapControlPlaneEndpoints();
    }

    internal static void MapControlPlaneEndpoints(this IEndpointRouteBuilder routes)
    {
        routes.MapHealth();
        routes.MapMetrics();
        routes.MapInstances();
        routes.MapInventory();
        routes.MapRegistry();
        routes.MapContent();
        routes.MapTopology();
        routes.MapRoutes();
        routes.MapOwnership();
        routes.MapEvents();
        routes.MapScheduler();
        routes.MapBatches();
        routes.MapAnalytics();
        routes.MapOpenApi();
    }
}
