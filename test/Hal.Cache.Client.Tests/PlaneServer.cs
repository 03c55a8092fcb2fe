using System.Net;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hal.Cache.Client.Tests;

/// <summary>A control plane behind a real server on a free loopback port.</summary>
internal sealed class PlaneServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private PlaneServer(WebApplication app) => this.app = app;

    public Uri Url => new(app.Urls.Single());

    /// <param name="plane">What is served.</param>
    /// <param name="secret">The bearer token that is asked for.</param>
    /// <param name="before">Sees each request first.</param>
    public static async Task<PlaneServer> StartAsync(IControlPlane plane, string? secret = null, Func<HttpContext, RequestDelegate, Task>? before = null, int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, port));
        builder.Services.AddControlPlaneHttp(new ControlPlaneHttpOptions { Instances = [], Match = (_, _) => true, Secret = secret, Plane = plane });
        var app = builder.Build();
        if (before is not null) app.Use(before);
        app.MapControlPlane();
        await app.StartAsync();
        return new PlaneServer(app);
    }

    public HttpControlPlane Client(string? secret = null, int attempts = 3) => new(
        new ControlPlaneClientOptions { Url = Url, Secret = secret, AttemptsMax = attempts, RetryDelay = TimeSpan.FromMilliseconds(1) }, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
