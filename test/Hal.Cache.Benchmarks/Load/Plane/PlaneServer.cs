using System.Net;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Hal.Cache.Benchmarks.Load.Plane;

/// <summary>The control plane's HTTP on a free loopback port, as the silo has it.</summary>
internal sealed class PlaneServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private PlaneServer(WebApplication app) => this.app = app;

    public Uri Url => new(app.Urls.Single());

    public static async Task<PlaneServer> StartAsync(IControlPlane plane, CancellationToken cancel)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddControlPlaneHttp(new ControlPlaneHttpOptions { Instances = [], Match = (pattern, key) => key.StartsWith(pattern), Plane = plane });
        var app = builder.Build();
        app.MapControlPlane();
        await app.StartAsync(cancel);
        return new PlaneServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
