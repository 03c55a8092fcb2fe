using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Orleans.Serialization;
using Hal.Cache.ControlPlane.Orleans.Streams;
using Hal.Cache.Testing.ControlPlane;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Serialization.Serializers;
using Orleans.TestingHost;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>A silo and a client of a next version, whose messages have more fields, with a silo of this one: a cluster in mid-upgrade.</summary>
public sealed class NextVersionTests : IAsyncLifetime
{
    private const int Keys = 300;

    private readonly TreeResources resources = new();
    private InProcessTestCluster cluster = null!;
    private int silos;

    private static CancellationToken None => CancellationToken.None;

    public async Task InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.UseInMemoryReminderService().AddMemoryGrainStorage(ChangeStream.SubscriptionStore).AddHalControlPlane(new OrleansPlaneOptions(), resources);
            if (Interlocked.Increment(ref silos) == 2) Upgrade(silo.Services);
        });
        builder.ConfigureSiloHost((_, host) => host.Logging.SetMinimumLevel(LogLevel.None));
        builder.ConfigureClient(client =>
        {
            client.AddHalControlPlane(new OrleansPlaneOptions());
            Upgrade(client.Services);
        });
        cluster = builder.Build();
        await cluster.DeployAsync();
    }

    public async Task DisposeAsync() => await cluster.DisposeAsync();

    [Fact]
    public async Task Two_versions_of_the_contracts_are_one_cluster()
    {
        var tree = resources.Add(TimeProvider.System, new MemoryControlPlaneStore());
        IGrainFactory[] seats = [cluster.Client, .. cluster.Silos.Select(s => s.ServiceProvider.GetRequiredService<IGrainFactory>())];
        IControlPlane[] planes = [.. seats.Select(seat => new OrleansControlPlane(seat, ClusterFixture.Patient(tree), TimeProvider.System))];
        CacheKey[] keys = [.. Enumerable.Range(0, Keys).Select(i => CacheKey.FromText($"k{i}"))];

        // Each asks from its own seat, and the grains that answer are on both silos.
        for (var seat = 0; seat < planes.Length; seat++)
        {
            var (plane, leaf) = (planes[seat], $"leaf-{seat}");
            if (seat == 0) await RegisterAsync(plane, "root", null);
            await RegisterAsync(plane, leaf, "root");
            var change = new ChangeEvent
            {
                Instance = leaf, Epoch = 1, Sequence = 1, Timestamp = DateTimeOffset.UnixEpoch,
                KeysAdded = keys, KeySizes = [.. keys.Select(_ => 1L)], KeyVersions = [.. keys.Select(_ => 1L)],
            };
            Ok(await plane.Events.ReportAsync(new EventBatch { Instance = leaf, Epoch = 1, Events = [change] }, None));
            Ok(await plane.Topology.SetLinkAsync(new LinkSettings { From = leaf, To = "root", Figures = new LinkFigures { LatencyMs = seat + 1 } }, None));
            Ok(await plane.Topology.ObserveAsync([new LinkObservation { From = "root", To = leaf, RoundTripMs = 4 }], None));
            Ok(await plane.Instances.HeartbeatAsync(new Heartbeat { Instance = leaf, Epoch = 1, Number = 1, Sequence = 1 }, None));
        }
        foreach (var plane in planes)
        {
            var located = await plane.Content.LocateManyAsync(keys, None);
            var routes = await plane.Routing.RoutesAsync(new RouteRequest { Keys = keys, Destination = "root" }, None);
            var job = await plane.Scheduling.PrestageAsync(new PrestageRequest { Selection = new KeySelection { Keys = keys }, Instances = ["root"] }, null, None);
            var work = await plane.Scheduling.TakePrestageWorkAsync("root", Keys, None);
            Ok(await plane.Scheduling.ReportPrestageAsync(new PrestageProgress { Job = job.Value.Job, Instance = "root", Done = work.Value.Single().Keys }, None));
            var done = await plane.Scheduling.GetPrestageAsync(job.Value.Job, None);
            var links = await plane.Topology.ListLinksAsync(new PageRequest(), None);

            Assert.All(located.Value, l => Assert.Equal(3, l.Holders.Count));
            Assert.All(routes.Value, r => Assert.Equal(["leaf-0", "leaf-1", "leaf-2"], r.Candidates.Where(c => c.Rank is not null).Select(c => c.Source)));
            Assert.Equal((PrestageState.Done, (long)Keys), (done.Value.State, done.Value.CopiesDone));
            Assert.Equal((3, 3), (links.Value.Items.Count(l => l.Configured is not null), links.Value.Items.Count(l => l.Measured is not null)));
        }
    }

    private static void Upgrade(IServiceCollection services)
    {
        var former = services.Single(s => s.ServiceType == typeof(ISpecializableCodec) && s.ImplementationInstance is ContractCodec);
        services.Remove(former);
        services.AddSingleton<ISpecializableCodec>(new NextVersionCodec());
    }

    private static async Task RegisterAsync(IControlPlane plane, string name, string? parent) => Ok(await plane.Instances.RegisterAsync(
        new InstanceRegistration
        {
            Name = name, Role = parent is null ? InstanceRole.Root : InstanceRole.Leaf, Parent = parent, Silo = name, Epoch = 1, RespAddress = "127.0.0.1:1",
        },
        None));

    private static void Ok<T>(Contracts.Result<T> result) => Assert.True(result.IsOk, result.ToString());
}
