using Hal.Cache.ControlPlane.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hal.Cache.Dashboard.Tests;

/// <summary>The HTTP API with the page beside it, as a silo has them, on a free loopback port; its client follows no redirect.</summary>
internal sealed class DashboardHost : IAsyncDisposable
{
    private readonly WebApplication app;

    private DashboardHost(WebApplication app) => this.app = app;

    public required HttpClient Client { get; init; }

    public static async Task<DashboardHost> StartAsync(string? secret = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(System.Net.IPAddress.Loopback, 0));
        builder.Services.AddControlPlaneHttp(new ControlPlaneHttpOptions { Instances = [], Match = (_, _) => true, Secret = secret });
        var app = builder.Build();
        app.MapControlPlane();
        app.MapDashboard();
        await app.StartAsync();
        return new DashboardHost(app) { Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(app.Urls.Single()) } };
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
    }
}
