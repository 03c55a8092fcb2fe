using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using static Hal.Cache.ControlPlane.Http.Plane.PlaneHandler;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>Registration of instances; they are listed beside this process's own, by <see cref="InstanceEndpoints"/>.</summary>
internal static class RegistryEndpoints
{
    public static void MapRegistry(this IEndpointRouteBuilder routes)
    {
        routes.MapPut("/v1/instances/{name}", Take(Json.InstanceRegistration, HttpLimits.BodyBytesMax, Json.InstanceLease, (r, body) =>
        {
            r.Same("name", r.Route("name"), body.Name);
            return (plane, c) => plane.Instances.RegisterAsync(body, c);
        })).WithName("registerInstance");

        routes.MapPost("/v1/instances/{name}/heartbeat", Take(Json.Heartbeat, HttpLimits.BodyBytesMax, Json.InstanceLease, (r, body) =>
        {
            r.Same("instance", r.Route("name"), body.Instance);
            return (plane, c) => plane.Instances.HeartbeatAsync(body, c);
        })).WithName("sendHeartbeat");

        routes.MapDelete("/v1/instances/{name}", Do(r =>
        {
            var (name, epoch) = (r.Route("name"), r.Long("epoch", 0, long.MaxValue, null));
            return (plane, c) => plane.Instances.RemoveAsync(name, epoch, c);
        })).WithName("removeInstance");
    }
}
