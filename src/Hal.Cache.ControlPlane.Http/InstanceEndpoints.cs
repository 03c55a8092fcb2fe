using System.Net;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Http.Plane;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>The instances in this process and, where it hosts the control plane, every one that has registered.</summary>
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

    private static Task<IResult> List(HttpContext http, ControlPlaneHttpOptions options) => PlaneHandler.OnPool(async () =>
    {
        var request = new PlaneRequest(http);
        var page = request.Page();
        if (request.Problem is { } problem) return ErrorResults.From(problem);
        if (options.Plane is not { } plane) return Answer([.. options.Instances.Select(i => Document(i, null, http))], null);
        var listed = await plane.Instances.ListAsync(page, http.RequestAborted);
        if (listed.Error is { } error) return ErrorResults.From(error);
        var documents = new List<InstanceDocument>();
        if (page.Cursor is null)
        {
            // Those that could not register, or not yet, belong to the picture of this process all the same.
            foreach (var instance in options.Instances)
            {
                if ((await plane.Instances.GetAsync(instance.Name, http.RequestAborted)).Error is not null) documents.Add(Document(instance, null, http));
            }
        }
        documents.AddRange(listed.Value.Items.Select(info => options.Find(info.Registration.Name) is { } here ? Document(here, info, http) : Document(info)));
        return Answer(documents, listed.Value.Next);
    });

    private static Task<IResult> Get(string name, HttpContext http, ControlPlaneHttpOptions options) => PlaneHandler.OnPool(async () =>
    {
        InstanceInfo? registered = null;
        if (options.Plane is { } plane)
        {
            var found = await plane.Instances.GetAsync(name, http.RequestAborted);
            if (found.Error is { Code: not (CacheErrorCode.NotFound or CacheErrorCode.Invalid) } error) return ErrorResults.From(error);
            registered = found.IsOk ? found.Value : null;
        }
        return options.Find(name) is { } here ? Answer(Document(here, registered, http))
            : registered is not null ? Answer(Document(registered))
            : NoInstance(name);
    });

    private static JsonHttpResult<InstanceListDocument> Answer(IReadOnlyList<InstanceDocument> documents, string? next) =>
        TypedResults.Json(new InstanceListDocument(documents, next), HttpJson.Wire.InstanceListDocument);

    private static JsonHttpResult<InstanceDocument> Answer(InstanceDocument document) => TypedResults.Json(document, HttpJson.Wire.InstanceDocument);

    private static InstanceDocument Document(IInstance instance, InstanceInfo? registered, HttpContext http)
    {
        var status = instance.Status();
        var local = http.Connection is { LocalIpAddress: { } address, LocalPort: var port } ? new IPEndPoint(address, port).ToString() : "";
        return new InstanceDocument(
            instance.Name, instance.Role.Text(), instance.RespAddress, local, status.Health.Text(), status.Reason, status.Keys,
            status.MemoryBytes, status.MemoryLimitBytes, status.DiskBytes, status.DiskLimitBytes, registered);
    }

    // An instance of another process, as its heartbeats told.
    private static InstanceDocument Document(InstanceInfo info)
    {
        var (registration, load) = (info.Registration, info.Load);
        var live = info.State == InstanceState.Live;
        return new InstanceDocument(
            registration.Name, registration.Role.Text(), registration.RespAddress, registration.HttpAddress ?? "",
            (live ? InstanceHealth.Ready : InstanceHealth.Failed).Text(), live ? null : "its lease has ended", load.Keys,
            load.MemoryBytes, registration.MemoryLimitBytes, load.DiskBytes, registration.DiskLimitBytes, info);
    }
}
