using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using static Hal.Cache.ControlPlane.Http.Plane.PlaneHandler;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>Which root is the authority of which hash slots.</summary>
internal static class OwnershipEndpoints
{
    public static void MapOwnership(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/ownership", AskList(Json.PageSlotAssignment, Json.SlotAssignment, _ => (plane, c) => plane.Ownership.ListAsync(c))).WithName("listSlots");

        routes.MapGet("/v1/ownership/owner", Ask(Json.SlotOwner, r =>
        {
            var key = r.Key();
            return (plane, c) => plane.Ownership.OwnerAsync(key, c);
        })).WithName("getOwner");

        // For keys that are too long for an address.
        routes.MapPost("/v1/ownership/owner", Take(Json.KeySelection, HttpLimits.BatchBodyBytesMax, Json.SlotOwner, (r, body) =>
        {
            r.One("keys", body.Keys.Count);
            return (plane, c) => plane.Ownership.OwnerAsync(body.Keys[0], c);
        })).WithName("findOwner");

        routes.MapPost("/v1/ownership/{root}/assign", Do(Json.PageSlotRange, HttpLimits.BodyBytesMax, (r, body) =>
        {
            var root = r.Route("root");
            return (plane, c) => plane.Ownership.AssignAsync(root, body.Items, c);
        })).WithName("assignSlots");

        routes.MapPost("/v1/ownership/{root}/release", Do(Json.PageSlotRange, HttpLimits.BodyBytesMax, (r, body) =>
        {
            var root = r.Route("root");
            return (plane, c) => plane.Ownership.ReleaseAsync(root, body.Items, c);
        })).WithName("releaseSlots");
    }
}
