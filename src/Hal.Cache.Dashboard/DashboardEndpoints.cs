using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hal.Cache.Dashboard;

/// <summary>The operators' page: files of this assembly, which read the HTTP API beside them.</summary>
public static class DashboardEndpoints
{
    /// <summary>Where the page is, below the address of the HTTP server.</summary>
    public const string Path = "/dashboard";

    private const string Page = "index.html";

    // Neither inline scripts nor anything of another host, so that a key can never become one of the two.
    private const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly string[] Reads = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps the page at <see cref="Path"/>, and what is asked for at <c>/</c> to it; neither asks for the secret, since nothing in them is one.</summary>
    public static void MapDashboard(this IEndpointRouteBuilder routes)
    {
        var files = DashboardFiles.Read();
        routes.MapMethods("/", Reads, () => Results.Redirect("dashboard/")).AllowsEveryone();
        routes.MapMethods(Path + "/{**file}", Reads, (string? file, HttpContext http) =>
        {
            Protect(http.Response.Headers);
            // The page names its files and the API relative to itself, so that it also works below a path of a proxy.
            if (file is null && http.Request.Path == Path) return Results.Redirect("dashboard/");
            return files.TryGetValue(file ?? Page, out var found) ? Results.Bytes(found.Bytes, found.ContentType, entityTag: found.Tag) : Results.NotFound();
        }).AllowsEveryone();
    }

    private static void Protect(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-cache"; // kept, but asked about, so that another version of the silo shows its own page at once
    }

    private static void AllowsEveryone(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new AllowAnonymousAttribute());
}
