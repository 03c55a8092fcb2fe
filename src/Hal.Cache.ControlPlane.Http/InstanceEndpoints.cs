using System.Net;
using Hal.Cache.Contracts.Instances;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>The instances in this process.</summary>
internal static class InstanceEndpoints
{
    public static void MapInstances(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/instances", List).WithName("listInstances");
        routes.MapGet("/v1/instances/{name}", Get).WithName("getInstance");
    }

    public static IInstance? Find(this ControlPlaneHttpOptions options, string name) =>
        options.Instances.FirstOrDefault(i => i.Name == name);

    public static IResult NoInstance(string name) => ErrorResults.NotFound($"there is no instance '{name}' here; /v1/instances lists them");

    private static JsonHttpResult<InstanceListDocument> List(HttpContext http, ControlPlaneHttpOptions options) =>
        TypedResults.Json(
            new InstanceListDocument([.. options.Instances.Select(i => Document(i, http))]),
            HttpJson.Wire.InstanceListDocument);

    private static IResult Get(string name, HttpContext http, ControlPlaneHttpOptions options) =>
        options.Find(name) is { } instance
            ? TypedResults.Json(Document(instance, http), HttpJson.Wire.InstanceDocument)
            : NoInstance(name);

    private static InstanceDocument Document(IInstance instance, HttpContext http)
    {
        var status = instance.Status();
        var local = http.Connection is { LocalIpAddress: { } address, LocalPort: var port } ? new IPEndPoint(address, port).ToString() : "";
        return new InstanceDocument(
            instance.Name, instance.Role.Text(), instance.RespAddress, local, status.Health.Text(), status.Reason, status.Keys,
            status.MemoryBytes, status.MemoryLimitBytes, status.DiskBytes, status.DiskLimitBytes);
    }
}
