using Hal.Cache.Contracts.ControlPlane;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using static Hal.Cache.ControlPlane.Http.Plane.PlaneHandler;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>What a scheduler asks for: affinity, manifests, prestage jobs, pins; and the instances' side of prestage jobs.</summary>
internal static class SchedulerEndpoints
{
    private const long SelectionBytes = HttpLimits.SelectionBodyBytesMax;
    private const int WorkKeys = 64;

    public static void MapScheduler(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/scheduler/affinity", Take(
            Json.AffinityRequest, SelectionBytes, Json.AffinityReport, (_, body) => (plane, c) => plane.Scheduling.AffinityAsync(body, c))).WithName("getAffinity");
        routes.MapManifests();
        routes.MapPrestage();
        routes.MapPins();
    }

    private static void MapManifests(this IEndpointRouteBuilder routes)
    {
        routes.MapPut("/v1/scheduler/manifests/{manifest}", Take(Json.KeySelection, SelectionBytes, Json.ManifestInfo, (r, body) =>
        {
            var manifest = r.Route("manifest");
            return (plane, c) => plane.Scheduling.PutManifestAsync(manifest, body.Keys, c);
        })).WithName("putManifest");

        routes.MapGet("/v1/scheduler/manifests/{manifest}", Ask(Json.ManifestInfo, r =>
        {
            var manifest = r.Route("manifest");
            return (plane, c) => plane.Scheduling.GetManifestAsync(manifest, c);
        })).WithName("getManifest");

        routes.MapGet("/v1/scheduler/manifests/{manifest}/keys", Pages(Json.PageCacheKey, Json.CacheKey, r =>
        {
            var manifest = r.Route("manifest");
            return (plane, page, c) => plane.Scheduling.ListManifestKeysAsync(manifest, page, c);
        })).WithName("listManifestKeys");

        routes.MapDelete("/v1/scheduler/manifests/{manifest}", Do(r =>
        {
            var manifest = r.Route("manifest");
            return (plane, c) => plane.Scheduling.RemoveManifestAsync(manifest, c);
        })).WithName("removeManifest");
    }

    private static void MapPrestage(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/scheduler/prestage", Make(
            Json.PrestageRequest, SelectionBytes, Json.PrestageInfo, info => $"/v1/scheduler/prestage/{Uri.EscapeDataString(info.Job)}",
            (r, body) =>
            {
                var idempotency = r.IdempotencyKey();
                return (plane, c) => plane.Scheduling.PrestageAsync(body, idempotency, c);
            })).WithName("startPrestage");

        routes.MapGet("/v1/scheduler/prestage", Pages(
            Json.PagePrestageInfo, Json.PrestageInfo, _ => (plane, page, c) => plane.Scheduling.ListPrestagesAsync(page, c))).WithName("listPrestages");

        routes.MapGet("/v1/scheduler/prestage/{job}", Ask(Json.PrestageInfo, r =>
        {
            var job = r.Route("job");
            return (plane, c) => plane.Scheduling.GetPrestageAsync(job, c);
        })).WithName("getPrestage");

        routes.MapDelete("/v1/scheduler/prestage/{job}", Ask(Json.PrestageInfo, r =>
        {
            var job = r.Route("job");
            return (plane, c) => plane.Scheduling.CancelPrestageAsync(job, c);
        })).WithName("cancelPrestage");

        routes.MapPost("/v1/scheduler/prestage/{job}/progress", Do(Json.PrestageProgress, HttpLimits.BatchBodyBytesMax, (r, body) =>
        {
            r.Same("job", r.Route("job"), body.Job);
            return (plane, c) => plane.Scheduling.ReportPrestageAsync(body, c);
        })).WithName("reportPrestage");

        routes.MapPost("/v1/instances/{name}/prestage-work", AskList(Json.PagePrestageWork, Json.PrestageWork, r =>
        {
            var (name, keys) = (r.Route("name"), r.Integer("keysMax", WorkKeys, 1, ControlPlaneLimits.PrestageTakeMax));
            return (plane, c) => plane.Scheduling.TakePrestageWorkAsync(name, keys, c);
        })).WithName("takePrestageWork");
    }

    private static void MapPins(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/scheduler/pins", Make(
            Json.PinRequest, SelectionBytes, Json.PinInfo, info => $"/v1/scheduler/pins/{Uri.EscapeDataString(info.Pin)}",
            (r, body) =>
            {
                var idempotency = r.IdempotencyKey();
                return (plane, c) => plane.Scheduling.PinAsync(body, idempotency, c);
            })).WithName("pinKeys");

        routes.MapGet("/v1/scheduler/pins", Pages(Json.PagePinInfo, Json.PinInfo, r =>
        {
            var instance = r.Text("instance");
            return (plane, page, c) => plane.Scheduling.ListPinsAsync(instance, page, c);
        })).WithName("listPins");

        routes.MapDelete("/v1/scheduler/pins/{pin}", Do(r =>
        {
            var pin = r.Route("pin");
            return (plane, c) => plane.Scheduling.UnpinAsync(pin, c);
        })).WithName("unpinKeys");
    }
}
