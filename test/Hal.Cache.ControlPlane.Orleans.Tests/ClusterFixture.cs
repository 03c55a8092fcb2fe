using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Records;
using Hal.Cache.ControlPlane.Orleans.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>Three silos in this process; every test has a tree of its own in them, so that the cluster need not be started for each.</summary>
/// <remarks>After <see cref="TreesBeforeDeath"/> trees a silo is killed and the tests go on with what is left, and then with a new one.</remarks>
public sealed class ClusterFixture : IAsyncLifetime
{
    private const int TreesBeforeDeath = 40;

    // Hundreds of trees would move their records after each death.
    private static readonly OrleansPlaneOptions Settings = new() { SpreadAfter = null };

    private readonly TreeResources resources = new();
    private InProcessTestCluster cluster = null!;
    private int trees;

    internal TreeResources Resources => resources;

    public InProcessTestCluster Cluster => cluster;

    /// <summary>Silos that the run has killed.</summary>
    public int Killed { get; private set; }

    public async Task InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(3);
        builder.ConfigureSilo((_, silo) =>
            silo.UseInMemoryReminderService().AddMemoryGrainStorage(ChangeStream.SubscriptionStore).AddHalControlPlane(Settings, resources));
        builder.ConfigureSiloHost((_, host) => host.Logging.SetMinimumLevel(LogLevel.None));
        builder.ConfigureClient(client => client.AddHalControlPlane(new OrleansPlaneOptions()));
        cluster = builder.Build();
        await cluster.DeployAsync();
    }

    public async Task DisposeAsync() => await cluster.DisposeAsync();

    /// <summary>A control plane of a tree that nobody else has, by way of the cluster's client.</summary>
    public async Task<IControlPlane> NewTreeAsync(TimeProvider clock, IControlPlaneStore? store = null)
    {
        if (++trees == TreesBeforeDeath) await KillAsync(cluster.Silos[^1]);
        var tree = resources.Add(clock, store);
        var options = Patient(tree);
        // A view that is on its way while a test's clock jumps does not know of the jump: nobody who asks later may be answered by it.
        if (clock != TimeProvider.System) options.ViewAge = TimeSpan.Zero;
        return Plane(options);
    }

    /// <summary>Of a caller that asks until it is answered: what is tested is what the answer is, not how fast a machine that has other work gives it.</summary>
    internal static OrleansPlaneOptions Patient(string tree) => new() { Tree = tree, RetryFor = TimeSpan.FromSeconds(60), AttemptsMax = int.MaxValue };

    public IControlPlane Plane(string tree) => Plane(Patient(tree));

    public IControlPlane Plane(OrleansPlaneOptions options) => new OrleansControlPlane(cluster.Client, options, TimeProvider.System);

    /// <summary>A silo's own control plane.</summary>
    internal static IControlPlane PlaneAt(InProcessSiloHandle silo, string tree)
    {
        var grains = silo.ServiceProvider.GetRequiredService<IGrainFactory>();
        var homes = silo.ServiceProvider.GetRequiredService<RecordHomes>();
        return new OrleansControlPlane(() => grains, () => homes, Patient(tree), TimeProvider.System);
    }

    /// <summary>The silo that a grain lives on.</summary>
    internal InProcessSiloHandle Home(GrainId grain)
    {
        Assert.True(cluster.TryGetGrainContext(grain, out var context));
        return cluster.GetSiloForAddress(context!.Address.SiloAddress!)!;
    }

    /// <summary>The silo that a tree's own grain lives on.</summary>
    internal InProcessSiloHandle HomeOfTree(string tree) => Home(cluster.Client.GetGrain<ITreeGrain>(tree).GetGrainId());

    /// <summary>Kills a silo as a crash would, and starts another in its place.</summary>
    public async Task KillAsync(InProcessSiloHandle silo)
    {
        await cluster.KillSiloAsync(silo);
        Killed++;
        await cluster.StartAdditionalSiloAsync();
    }
}
