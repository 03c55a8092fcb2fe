using System.Globalization;
using System.Text;
using Hal.Cache.Contracts.Instances;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hal.Cache.ControlPlane.Http.Inventory;

/// <summary>What an instance holds: a page as JSON, or everything as lines of JSON.</summary>
internal static class InventoryEndpoints
{
    private const string NdjsonType = "application/x-ndjson";

    public static void MapInventory(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/instances/{name}/inventory", Get).WithName("getInventory");

    private static IResult Get(string name, string? cursor, string? limit, string? match, HttpContext http, ControlPlaneHttpOptions options)
    {
        if (options.Find(name) is not { } instance) return InstanceEndpoints.NoInstance(name);
        if (instance.Status().Health is InstanceHealth.Starting or InstanceHealth.Failed)
            return ErrorResults.Unavailable($"instance {name} is {instance.Status().Health.Text()}");
        if (match is not null && Encoding.UTF8.GetByteCount(match) > HttpLimits.MatchBytesMax)
            return ErrorResults.Invalid("match", $"{match[..32]}...", $"must be at most {HttpLimits.MatchBytesMax} bytes of UTF-8");
        var filter = string.IsNullOrEmpty(match) ? null : new KeyFilter(options.Match, Encoding.UTF8.GetBytes(match));

        if (AcceptsNdjson(http.Request))
        {
            return (cursor ?? limit) is { } given
                ? ErrorResults.Invalid(cursor is null ? "limit" : "cursor", given, $"must be absent with {NdjsonType}, which answers with everything")
                : new InventoryStream(instance, filter);
        }
        var from = 0UL;
        if (cursor is not null && !ulong.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out from))
            return ErrorResults.Invalid("cursor", cursor, "must be absent, 0, or the cursor of the page before");
        var items = HttpLimits.PageItems;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out items) || items is < 1 or > HttpLimits.PageItemsMax))
            return ErrorResults.Invalid("limit", limit, $"must be from 1 to {HttpLimits.PageItemsMax}");
        return new InventoryPage(instance, filter, from, items);
    }

    private static bool AcceptsNdjson(HttpRequest request) =>
        request.GetTypedHeaders().Accept is { } accept
        && accept.Any(a => a.MediaType.Equals(NdjsonType, StringComparison.OrdinalIgnoreCase) && a.Quality is not 0);
}
