using Hal.Cache.Contracts.ControlPlane;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using static Hal.Cache.ControlPlane.Http.Plane.PlaneHandler;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>Links between instances, and ways over them.</summary>
internal static class TopologyEndpoints
{
    public static void MapTopology(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/topology/links", Pages(Json.PageLink, Json.Link, _ => (plane, page, c) => plane.Topology.ListLinksAsync(page, c))).WithName("listLinks");

        routes.MapPut("/v1/topology/links/{from}/{to}", Take(Json.LinkFigures, HttpLimits.BodyBytesMax, Json.Link, (r, body) =>
        {
            var settings = new LinkSettings { From = r.Route("from"), To = r.Route("to"), Figures = body };
            return (plane, c) => plane.Topology.SetLinkAsync(settings, c);
        })).WithName("setLink");

        routes.MapDelete("/v1/topology/links/{from}/{to}", Do(r =>
        {
            var (from, to) = (r.Route("from"), r.Route("to"));
            return (plane, c) => plane.Topology.RemoveLinkAsync(from, to, c);
        })).WithName("removeLink");

        routes.MapPost("/v1/topology/observations", Do(
            Json.PageLinkObservation, HttpLimits.BodyBytesMax, (_, body) => (plane, c) => plane.Topology.ObserveAsync(body.Items, c))).WithName("reportLinks");

        routes.MapGet("/v1/topology/paths/{from}/{to}", Ask(Json.LinkPath, r =>
        {
            var (from, to, bytes, weights) = (r.Route("from"), r.Route("to"), r.Long("bytes", 0, long.MaxValue, 0), r.Weights());
            return (plane, c) => plane.Topology.PathAsync(from, to, bytes!.Value, weights, c);
        })).WithName("getPath");
    }
}
