using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using static Hal.Cache.ControlPlane.Http.Plane.PlaneHandler;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>Batches, by their names: a put begins one or gives it another end.</summary>
internal static class BatchEndpoints
{
    public static void MapBatches(this IEndpointRouteBuilder routes)
    {
        routes.MapPut("/v1/batches/{batch}", Take(Json.BatchRequest, HttpLimits.BodyBytesMax, Json.BatchInfo, (r, body) =>
        {
            var batch = r.Route("batch");
            return (plane, c) => plane.Batches.BeginAsync(batch, body, c);
        })).WithName("beginBatch");

        routes.MapGet("/v1/batches", Pages(Json.PageBatchInfo, Json.BatchInfo, _ => (plane, page, c) => plane.Batches.ListAsync(page, c))).WithName("listBatches");

        routes.MapGet("/v1/batches/{batch}", Ask(Json.BatchInfo, r =>
        {
            var batch = r.Route("batch");
            return (plane, c) => plane.Batches.GetAsync(batch, c);
        })).WithName("getBatch");

        routes.MapDelete("/v1/batches/{batch}", Ask(Json.BatchInfo, r =>
        {
            var batch = r.Route("batch");
            return (plane, c) => plane.Batches.EndAsync(batch, c);
        })).WithName("endBatch");
    }
}
