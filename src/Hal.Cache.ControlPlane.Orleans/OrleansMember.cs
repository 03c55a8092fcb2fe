using System.Net;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Hal.Cache.ControlPlane.Orleans;

/// <summary>A process that is a member of an Orleans cluster, from joining to leaving.</summary>
public sealed class OrleansMember : IAsyncDisposable
{
    // Leaving hands the grains over; a member that can't is taken for dead, as after a crash.
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(3);

    private readonly IHost host;

    private OrleansMember(IHost host) => this.host = host;

    /// <summary>The control plane, by this member's own grains and those of the others.</summary>
    public IControlPlane Plane => host.Services.GetRequiredService<IControlPlane>();

    /// <summary>Joins, or answers why not: Unavailable where the database or the port is not to be had.</summary>
    public static async Task<Result<OrleansMember>> JoinAsync(OrleansMemberOptions options, ITreeResources resources, ILoggerFactory loggers, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        // Nothing is read that was not given: no files of the current directory, no variables.
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "Hal.Cache.ControlPlane.Orleans" });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.UseOrleans(silo => Configure(silo, options, resources));
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellation);
            return new OrleansMember(host);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            host.Dispose();
            return new CacheError(CacheErrorCode.Unavailable, $"cluster '{options.ClusterId}' can't be joined: {failure.GetBaseException().Message}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(LeaveTimeout);
        try
        {
            await host.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // It took too long; the others find out.
        }
        if (host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else host.Dispose();
    }

    private static void Configure(ISiloBuilder silo, OrleansMemberOptions options, ITreeResources resources)
    {
        silo.Configure<SiloOptions>(o => o.SiloName = options.Name);
        if (options.Postgres is { } connection)
        {
            silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (MembershipTables.Invariant, MembershipTables.Connection(connection)));
        }
        else
        {
            silo.UseLocalhostClustering(options.Listen.Port, options.Gateway?.Port ?? 0, null, options.ClusterId, options.ClusterId);
        }
        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (options.ClusterId, options.ClusterId));
        silo.Configure<EndpointOptions>(o =>
        {
            o.SiloPort = options.Listen.Port;
            o.GatewayPort = options.Gateway?.Port ?? 0;
            o.SiloListeningEndpoint = options.Listen;
            o.GatewayListeningEndpoint = options.Gateway;
            if (!options.Listen.Address.Equals(IPAddress.Any) && !options.Listen.Address.Equals(IPAddress.IPv6Any)) o.AdvertisedIPAddress = options.Listen.Address;
        });
        if (options.Secret.Length > 0)
        {
            var handshake = new SecretHandshake(options.Secret);
            silo.Configure<SiloConnectionOptions>(o =>
            {
                o.ConfigureSiloInboundConnection(handshake.Inbound);
                o.ConfigureSiloOutboundConnection(handshake.Outbound);
                o.ConfigureGatewayInboundConnection(handshake.Inbound);
            });
        }
        silo.AddHalControlPlane(options.Plane, resources);
    }

    // Signals are the process's own business.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
