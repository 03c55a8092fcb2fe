using Hal.Cache.Contracts.Instances;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>Liveness: the process answers. Readiness: every instance serves reads, and the process is not on its way out.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => TypedResults.Json(new LiveDocument("live"), HttpJson.Wire.LiveDocument)).WithName("getLiveness");
        routes.MapGet("/health/ready", Ready).WithName("getReadiness");
    }

    private static IResult Ready(HttpContext http, ControlPlaneHttpOptions options)
    {
        var lifetime = http.RequestServices.GetService<IHostApplicationLifetime>();
        if (lifetime?.ApplicationStopping.IsCancellationRequested == true) return ErrorResults.Unavailable("the process is stopping");
        var instances = new List<InstanceHealthDocument>();
        foreach (var instance in options.Instances)
        {
            var status = instance.Status();
            if (status.Health is not (InstanceHealth.Ready or InstanceHealth.ReadOnly))
                return ErrorResults.Unavailable($"instance {instance.Name} is {status.Health.Text()}: {status.Reason}");
            instances.Add(new InstanceHealthDocument(instance.Name, status.Health.Text(), status.Reason));
        }
        return TypedResults.Json(new ReadyDocument("ready", instances), HttpJson.Wire.ReadyDocument);
    }
}
