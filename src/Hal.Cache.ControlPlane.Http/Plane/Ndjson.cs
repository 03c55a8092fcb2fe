using Microsoft.AspNetCore.Http;

namespace Hal.Cache.ControlPlane.Http.Plane;

/// <summary>Lines of JSON.</summary>
internal static class Ndjson
{
    public const string Type = "application/x-ndjson";

    public static bool IsWanted(HttpRequest request) => Accepts(request, Type);

    public static bool Accepts(HttpRequest request, string type) =>
        request.GetTypedHeaders().Accept is { } accept
        && accept.Any(a => a.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase) && a.Quality is not 0);
}
