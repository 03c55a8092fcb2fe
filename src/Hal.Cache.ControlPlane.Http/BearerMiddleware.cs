using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>Asks for the secret as a bearer token where one is set; health and the API's description stay open, for probes.</summary>
internal sealed class BearerMiddleware(RequestDelegate next, ControlPlaneHttpOptions options)
{
    private const string Scheme = "Bearer ";

    // Hashes have one length, so comparing them tells nothing about the secret's.
    private readonly byte[]? expected = options.Secret is { } secret ? SHA256.HashData(Encoding.UTF8.GetBytes(secret)) : null;

    public Task InvokeAsync(HttpContext http)
    {
        if (expected is null || IsOpen(http.Request.Path) || IsAuthorized(http.Request.Headers.Authorization.ToString())) return next(http);
        http.Response.Headers.WWWAuthenticate = "Bearer";
        return ErrorResults.WriteAsync(http, StatusCodes.Status401Unauthorized, "Authorization: Bearer SECRET is needed, with the secret of requirepass");
    }

    private static bool IsOpen(PathString path) => path.StartsWithSegments("/health") || path == "/openapi.yaml";

    private bool IsAuthorized(string header) =>
        header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..])), expected);
}
