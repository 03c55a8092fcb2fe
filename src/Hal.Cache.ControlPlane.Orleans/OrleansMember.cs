using System.Net;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Cluster;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Orleans.Streams;
#if HAL_ORLEANS_DASHBOARD
using Hal.Cache.ControlPlane.Orleans.Dashboard;
#endif
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Hal.Cache.ControlPlane.Orleans;

/// <summary>
/// A process that is a member of an Orleans cluster, from joining to leaving. A member that the others took for dead, as after a freeze,
/// joins again; the process and the data that it serves go on.
/// </summary>
public sealed partial class OrleansMember : IAsyncDisposable // partial: [LoggerMessage] methods at the end
{
    /// <summary>Where the dashboard is mounted.</summary>
    public const string DashboardPath = "/orleans";

    // Leaving hands the grains over; a member that can't is taken for dead, as after a crash.
    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(3);

    // Orleans tries for minutes to write down that it leaves where the database is gone, whatever its token says.
    private static readonly TimeSpan EndTimeMax = LeaveTimeout + TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RejoinDelay = TimeSpan.FromSeconds(1);

    private readonly OrleansMemberOptions options;
    private readonly ITreeResources resources;
    private readonly ILoggerFactory loggers;
    private readonly ILogger log;
    private readonly CancellationTokenSource leaving = new();
    private readonly Lock gate = new();
    private volatile IHost? host;
    private EvictionHandler? eviction;
    private Task rejoining = Task.CompletedTask;
    private bool isRejoining;

    private OrleansMember(OrleansMemberOptions options, ITreeResources resources, ILoggerFactory loggers)
    {
        (this.options, this.resources, this.loggers) = (options, resources, loggers);
        log = loggers.CreateLogger<OrleansMember>();
        Plane = new OrleansControlPlane(Grains, Homes, options.Plane, TimeProvider.System);
#if HAL_ORLEANS_DASHBOARD
        if (options.HasDashboard) Dashboard = new ClusterDashboard(() => host?.Services).AnswerAsync;
#endif
    }

    /// <summary>The control plane, by this member's own grains and those of the others; Unavailable while it joins again.</summary>
    public IControlPlane Plane { get; }

#if HAL_ORLEANS_DASHBOARD
    /// <summary>Answers the requests below <see cref="DashboardPath"/>; null where there is no dashboard.</summary>
    public Microsoft.AspNetCore.Http.RequestDelegate? Dashboard { get; }
#endif

    /// <summary>Joins, or answers why not: Unavailable where the database or the port is not to be had.</summary>
    public static async Task<Result<OrleansMember>> JoinAsync(
        OrleansMemberOptions options, ITreeResources resources, ILoggerFactory loggers, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggers);
        var member = new OrleansMember(options, resources, loggers);
        if (await member.StartAsync(cancellation) is not { } error)
        {
            // It may have been taken for dead while it joined, on a machine that is busy.
            if (member.eviction is { Why: not null } early) member.Evicted(early);
            return member;
        }
        await member.DisposeAsync();
        return error;
    }

    public async ValueTask DisposeAsync()
    {
        await leaving.CancelAsync();
        try
        {
            await LeaveAsync().WaitAsync(EndTimeMax, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            // It is left to itself, and ends with the process; the others find out.
            LogNotLeft(log, options.ClusterId, EndTimeMax);
        }
    }

    private IGrainFactory Grains() => (host ?? throw new ObjectDisposedException(nameof(OrleansMember))).Services.GetRequiredService<IGrainFactory>();

    private RecordHomes? Homes() => host?.Services.GetRequiredService<RecordHomes>();

    private async Task LeaveAsync()
    {
        await rejoining;
        await EndAsync(LeaveTimeout);
        leaving.Dispose();
    }

    private async Task<CacheError?> StartAsync(CancellationToken cancellation)
    {
        // Nothing is read that was not given: no files of the current directory, no variables.
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "Hal.Cache.ControlPlane.Orleans" });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var handler = new EvictionHandler(Evicted);
        builder.Services.AddSingleton<IFatalErrorHandler>(handler);
        builder.UseOrleans(silo => Configure(silo, options, resources));
        var starting = builder.Build();
        try
        {
            await starting.StartAsync(cancellation);
            lock (gate) (host, eviction) = (starting, handler);
            return null;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            starting.Dispose();
            return new CacheError(CacheErrorCode.Unavailable, $"cluster '{options.ClusterId}' can't be joined: {failure.GetBaseException().Message}");
        }
    }

    // Of a start that is not in force yet, who waits for it looks afterwards.
    private void Evicted(EvictionHandler from)
    {
        lock (gate)
        {
            if (leaving.IsCancellationRequested || isRejoining || from != eviction) return;
            isRejoining = true;
            rejoining = Task.Run(RejoinAsync);
        }
    }

    private async Task RejoinAsync()
    {
        while (!leaving.IsCancellationRequested)
        {
            if (eviction?.Why is { } why) LogEvicted(log, options.ClusterId, why);
            // The grains of an evicted member are others' already: nothing is handed over.
            await EndAsync(TimeSpan.Zero);
            try
            {
                if (await StartAsync(leaving.Token) is { } error)
                {
                    LogNotYet(log, error.Message);
                    await Task.Delay(RejoinDelay, TimeProvider.System, leaving.Token);
                    continue;
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            lock (gate)
            {
                if (eviction is { Why: not null }) continue;
                isRejoining = false;
            }
            LogRejoined(log, options.ClusterId);
            return;
        }
    }

    private async Task EndAsync(TimeSpan timeout)
    {
        if (host is not { } ending) return;
        lock (gate) (host, eviction) = (null, null);
        using var limit = new CancellationTokenSource(timeout);
        try
        {
            await ending.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // It took too long; the others find out.
        }
        if (ending is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else ending.Dispose();
    }

    private static void Configure(ISiloBuilder silo, OrleansMemberOptions options, ITreeResources resources)
    {
        silo.Configure<SiloOptions>(o => o.SiloName = options.Name);
        if (options.Postgres is { } connection)
        {
            var tables = MembershipTables.Connection(connection);
            silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (MembershipTables.Invariant, tables));
            silo.UseAdoNetReminderService(o => (o.Invariant, o.ConnectionString) = (MembershipTables.Invariant, tables));
            // Who reads a stream is known still when the silo that knew it has died.
            silo.AddAdoNetGrainStorage(ChangeStream.SubscriptionStore, o => (o.Invariant, o.ConnectionString) = (MembershipTables.Invariant, tables));
        }
        else
        {
            silo.UseInMemoryReminderService();
            silo.AddMemoryGrainStorage(ChangeStream.SubscriptionStore);
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
#if HAL_ORLEANS_DASHBOARD
        if (options.HasDashboard) ClusterDashboard.AddTo(silo);
#endif
        if (options.PropagatesTraces) silo.AddActivityPropagation();
        silo.AddHalControlPlane(options.Plane, resources);
    }

    // Signals are the process's own business.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Error, "cluster '{Cluster}' took this silo for dead, it joins again; the data that it serves is not touched: {Why}")]
    private static partial void LogEvicted(ILogger log, string cluster, string why);

    [LoggerMessage(LogLevel.Warning, "cluster '{Cluster}' could not be left within {Limit}, as without its database; the others find out that this silo is gone")]
    private static partial void LogNotLeft(ILogger log, string cluster, TimeSpan limit);

    [LoggerMessage(LogLevel.Warning, "cluster '{Cluster}' has this silo again")]
    private static partial void LogRejoined(ILogger log, string cluster);

    [LoggerMessage(LogLevel.Warning, "{Why}; trying again")]
    private static partial void LogNotYet(ILogger log, string why);
}
