using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Hal.Cache.ControlPlane.Http.Tests;

/// <summary>The HTTP edge on a free loopback port, and a client for it.</summary>
internal sealed class HttpHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private HttpHost(WebApplication app) => this.app = app;

    public required HttpClient Client { get; init; }

    public static async Task<HttpHost> StartAsync(string? secret, params IInstance[] instances) => await StartAsync(null, secret, instances);

    public static async Task<HttpHost> StartAsync(IControlPlane? plane, string? secret, params IInstance[] instances)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(System.Net.IPAddress.Loopback, 0));
        builder.Services.AddControlPlaneHttp(new ControlPlaneHttpOptions
        {
            Instances = instances,
            Match = (pattern, key) => key.StartsWith(pattern), // the glob rule is the silo's to give, and tested there
            Secret = secret,
            Plane = plane,
        });
        var app = builder.Build();
        app.MapControlPlane();
        await app.StartAsync();
        return new HttpHost(app) { Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) } };
    }

    public static Task<HttpHost> StartAsync(params IInstance[] instances) => StartAsync(null, instances);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
