using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>The API's contract, as it is in the repository.</summary>
internal static class OpenApiEndpoints
{
    private const string Resource = "openapi.yaml";

    public static void MapOpenApi(this IEndpointRouteBuilder routes)
    {
        var document = Read();
        routes.MapGet("/openapi.yaml", () => TypedResults.Bytes(document, "application/yaml")).WithName("getOpenApi");
    }

    private static byte[] Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"{Resource} is not in the assembly");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
