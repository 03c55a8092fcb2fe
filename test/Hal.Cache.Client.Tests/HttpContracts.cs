using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ContractSuites.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;

namespace Hal.Cache.Client.Tests;

public sealed class HttpInstancesContractTests : InstancesContract
{
    private readonly HttpPlane host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class HttpContentContractTests : ContentContract
{
    private readonly HttpPlane host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class HttpOwnershipContractTests : OwnershipContract
{
    private readonly HttpPlane host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class HttpTopologyContractTests : TopologyContract
{
    private readonly HttpPlane host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class HttpRoutingContractTests : RoutingContract
{
    private readonly HttpPlane host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class HttpEventsContractTests : EventsContract
{
    private readonly HttpPlane host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class HttpSchedulingContractTests : SchedulingContract
{
    private readonly HttpPlane host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class HttpBatchesContractTests : BatchesContract
{
    private readonly HttpPlane host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class HttpAnalyticsContractTests : AnalyticsContract
{
    private readonly HttpPlane host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

/// <summary>The control plane that ships, behind a real server, seen through the client.</summary>
internal sealed class HttpPlane
{
    private InProcessControlPlane? plane;
    private PlaneServer? server;
    private HttpControlPlane? client;

    public async Task<IControlPlane> StartAsync(TimeProvider clock)
    {
        plane = (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), null, clock, new Random(1), CancellationToken.None)).Value;
        server = await PlaneServer.StartAsync(plane);
        return client = server.Client();
    }

    public async Task StopAsync()
    {
        client?.Dispose();
        if (server is not null) await server.DisposeAsync();
        if (plane is not null) await plane.DisposeAsync();
    }
}
