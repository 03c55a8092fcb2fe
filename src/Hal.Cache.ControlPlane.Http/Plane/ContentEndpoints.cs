using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using static Hal.Cache.ControlPlane.Http.Plane.PlaneHandler;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>What is where, as the control plane knows it.</summary>
internal static class ContentEndpoints
{
    public static void MapContent(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/content/location", Ask(Json.KeyLocation, r =>
        {
            var key = r.Key();
            return (plane, c) => plane.Content.LocateAsync(key, c);
        })).WithName("locateKey");

        routes.MapPost("/v1/content/locations", TakeList(
            Json.KeySelection, HttpLimits.BatchBodyBytesMax, Json.PageKeyLocation, Json.KeyLocation,
            (_, body) => (plane, c) => plane.Content.LocateManyAsync(body.Keys, c))).WithName("locateKeys");

        routes.MapGet("/v1/content/locations", Pages(Json.PageKeyLocation, Json.KeyLocation, r =>
        {
            var prefix = r.RequiredPrefix();
            return (plane, page, c) => plane.Content.LocatePrefixAsync(prefix, page, c);
        })).WithName("locatePrefix");

        routes.MapGet("/v1/content/instances/{name}", Pages(Json.PageContentEntry, Json.ContentEntry, r =>
        {
            var (name, prefix) = (r.Route("name"), r.Prefix());
            return (plane, page, c) => plane.Content.InventoryAsync(name, prefix, page, c);
        })).WithName("getKnownInventory");

        routes.MapGet("/v1/content/totals", Ask(Json.ContentTotals, _ => (plane, c) => plane.Content.TotalsAsync(c))).WithName("getContentTotals");
    }
}
