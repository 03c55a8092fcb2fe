using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Cluster;
using Hal.Cache.ControlPlane.Orleans.Placement;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Orleans.Serialization;
using Hal.Cache.ControlPlane.Orleans.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Hal.Cache.ControlPlane.Orleans;

/// <summary>Puts the control plane into a silo, or into a client of a cluster.</summary>
public static class OrleansPlaneServices
{
    // Calls are short; what has no answer by then is on a silo that is gone, and is asked again.
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(2);

    // How often a stream's queue is asked for news, which is most of its lag.
    private static readonly TimeSpan StreamPeriod = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// The grains of the control plane and an <see cref="IControlPlane"/> on a silo; death of a silo is noticed in about half a second. The silo must have
    /// reminders, and grain storage of the name <see cref="ChangeStream.SubscriptionStore"/>, of its builder's choice.
    /// </summary>
    public static ISiloBuilder AddHalControlPlane(this ISiloBuilder silo, OrleansPlaneOptions options, ITreeResources resources)
    {
        silo.Services.AddContractCodec().AddSingleton(resources).AddSingleton<TreeSights>().AddSingleton<SiloRecords>().AddSingleton<RecordHomes>().AddPlane(options);
        silo.AddPlacementDirector<NamedSiloPlacement, NamedSiloPlacementDirector>();
        silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = ResponseTimeout);
        // One queue: its agent asks for news all the time, and what it loses a subscriber gets from the log.
        silo.AddMemoryStreams(ChangeStream.Provider, streams =>
        {
            streams.ConfigurePartitioning(1);
            streams.ConfigurePullingAgent(agent => agent.Configure(o => o.GetQueueMsgsTimerPeriod = StreamPeriod));
        });
        // The price of this speed: a silo that is frozen for over two seconds is taken for dead and has to join again.
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = TimeSpan.FromMilliseconds(500);
            membership.MaxProbeTimeout = TimeSpan.FromSeconds(1);
            membership.NumMissedProbesLimit = 2;
            // It goes by other machines' clocks: one that is minutes behind could never join. Who fails while it joins is probed like others.
            membership.EvictWhenMaxJoinAttemptTimeExceeded = false;
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        });
        return silo;
    }

    /// <summary>An <see cref="IControlPlane"/> over a client of the cluster.</summary>
    public static IClientBuilder AddHalControlPlane(this IClientBuilder client, OrleansPlaneOptions options)
    {
        client.Services.AddContractCodec().AddPlane(options);
        client.AddMemoryStreams(ChangeStream.Provider, streams => streams.ConfigurePartitioning(1));
        client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = ResponseTimeout);
        return client;
    }

    /// <summary>
    /// Makes a service a client of a cluster: its <see cref="IControlPlane"/> calls the grains. Starting waits until a silo answers.
    /// </summary>
    public static IHostApplicationBuilder AddHalControlPlane(this IHostApplicationBuilder builder, HalClusterOptions options)
    {
        if (options.Validate() is { } rule) throw new ArgumentException(rule, nameof(options));
        return builder.UseOrleansClient(client =>
        {
            if (options.Postgres is { } connection)
                client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (MembershipTables.Invariant, MembershipTables.Connection(connection)));
            else
                client.UseStaticClustering([.. options.Gateways]);
            client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (options.ClusterId, options.ClusterId));
            if (options.Secret.Length > 0) client.Configure<ClientConnectionOptions>(o => o.ConfigureConnection(new SecretHandshake(options.Secret).Outbound));
            client.AddHalControlPlane(options.Plane);
        });
    }

    private static void AddPlane(this IServiceCollection services, OrleansPlaneOptions options)
    {
        if (options.Validate() is { } rule) throw new ArgumentException(rule, nameof(options));
        services.AddSingleton(options);
        services.AddSingleton<IControlPlane>(provider =>
        {
            var grains = provider.GetRequiredService<IGrainFactory>();
            // A client has none.
            var homes = provider.GetService<RecordHomes>();
            return new OrleansControlPlane(() => grains, () => homes, options, TimeProvider.System);
        });
    }
}
