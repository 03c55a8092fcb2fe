using System.Net;
using Hal.Cache.Contracts.ControlPlane;
using Microsoft.Extensions.Hosting;
#if HAL_ORLEANS
using Hal.Cache.ControlPlane.Orleans;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
#endif

namespace Hal.Cache.Benchmarks.Load.Cluster;

/// <summary>A .NET client of a cluster's grains; a build without Orleans has none.</summary>
internal sealed class ClusterClient : IAsyncDisposable
{
    /// <summary>Why the cluster's columns are left out; null where they are not.</summary>
#if HAL_ORLEANS
    public static string? Missing => null;
#else
    public static string? Missing => "not measured: this build is without Orleans (-p:HalOrleans=true)";
#endif

    private readonly IHost host;

    private ClusterClient(IHost host, IControlPlane plane) => (this.host, Plane) = (host, plane);

    public IControlPlane Plane { get; }

#if HAL_ORLEANS
    public static async Task<ClusterClient> StartAsync(IReadOnlyList<IPEndPoint> gateways, CancellationToken cancel)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.AddHalControlPlane(new HalClusterOptions { Gateways = gateways });
        var host = builder.Build();
        await host.StartAsync(cancel);
        return new ClusterClient(host, host.Services.GetRequiredService<IControlPlane>());
    }
#else
    public static Task<ClusterClient> StartAsync(IReadOnlyList<IPEndPoint> gateways, CancellationToken cancel) => throw new BenchmarkException(Missing!);
#endif

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        host.Dispose();
    }
}
