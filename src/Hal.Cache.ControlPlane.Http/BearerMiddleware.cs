using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>Asks for the secret as a bearer token where one is set; health and the API's description stay open, for probes, as do endpoints that allow anybody.</summary>
internal sealed class BearerMiddleware(RequestDelegate next, ControlPlaneHttpOptions options)
{
    private const string Scheme = "Bearer ";

    // Hashes have one length, so comparing them tells nothing about the secret's.
    private readonly byte[]? expected = options.Secret is { } secret ? SHA256.HashData(Encoding.UTF8.GetBytes(secret)) : null;

    public Task InvokeAsync(HttpContext http)
    {
        if (expected is null || IsOpen(http) || IsAuthorized(http.Request.Headers.Authorization.ToString())) return next(http);
        http.Response.Headers.WWWAuthenticate = "Bearer";
        return ErrorResults.WriteAsync(http, StatusCodes.Status401Unauthorized, "Authorization: Bearer SECRET is needed, with the secret of requirepass");
    }

    // What others map beside this API, such as the dashboard's files, says by itself that it is for everyone.
    private static bool IsOpen(HttpContext http) =>
        http.Request.Path.StartsWithSegments("/health") || http.Request.Path == "/openapi.yaml"
        || http.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    private bool IsAuthorized(string header) =>
        header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..])), expected);
}
