using System.Globalization;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using static Hal.Cache.ControlPlane.Http.Plane.PlaneHandler;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>Change events: batches in, a stream out.</summary>
internal static class EventEndpoints
{
    private const string LastEventId = "Last-Event-ID";

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/events", Take(
            Json.EventBatch, HttpLimits.BatchBodyBytesMax, Json.ReportReply, (_, body) => (plane, c) => plane.Events.ReportAsync(body, c))).WithName("reportEvents");

        routes.MapPost("/v1/events/digests", Take(
            Json.DigestQuery, HttpLimits.BatchBodyBytesMax, Json.DigestReply, (_, body) => (plane, c) => plane.Events.CompareDigestsAsync(body, c))).WithName("compareDigests");

        routes.MapGet("/v1/events", Subscribe).WithName("streamEvents");
    }

    private static Task<IResult> Subscribe(HttpContext http, ControlPlaneHttpOptions options) => OnPool(() =>
    {
        if (options.Plane is not { } plane) return Task.FromResult(Absent(options));
        var request = new PlaneRequest(http);
        var subscription = new Subscription
        {
            AfterPosition = request.Long("after", 0, long.MaxValue, null),
            LogId = request.Text("log"),
            Instance = request.Text("instance"),
            Prefix = request.Prefix(),
        };
        // A browser that reconnects says by this header what it has seen; the address is still that of its first try.
        if (http.Request.Headers[LastEventId].ToString() is { Length: > 0 } last)
        {
            var colon = last.LastIndexOf(':');
            if (colon < 1 || !long.TryParse(last.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var position))
                return Task.FromResult(ErrorResults.Invalid(LastEventId, last, "must be the id of an event of this stream"));
            subscription = subscription with { LogId = last[..colon], AfterPosition = position };
        }
        return Task.FromResult(request.Problem is { } problem ? ErrorResults.From(problem) : new EventStream(plane.Events, subscription, options.Time));
    });
}
