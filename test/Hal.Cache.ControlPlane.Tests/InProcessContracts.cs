using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ContractSuites.ControlPlane;
using Hal.Cache.ControlPlane.Hosting;

namespace Hal.Cache.ControlPlane.Tests;

public sealed class InProcessInstancesTests : InstancesContract
{
    private readonly InProcessHost host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class InProcessContentTests : ContentContract
{
    private readonly InProcessHost host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class InProcessOwnershipTests : OwnershipContract
{
    private readonly InProcessHost host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class InProcessTopologyTests : TopologyContract
{
    private readonly InProcessHost host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class InProcessRoutingTests : RoutingContract
{
    private readonly InProcessHost host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class InProcessEventsTests : EventsContract
{
    private readonly InProcessHost host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class InProcessSchedulingTests : SchedulingContract
{
    private readonly InProcessHost host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class InProcessBatchesTests : BatchesContract
{
    private readonly InProcessHost host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

public sealed class InProcessAnalyticsTests : AnalyticsContract
{
    private readonly InProcessHost host = new();

    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => host.StartAsync(clock);

    protected override Task StopAsync() => host.StopAsync();
}

internal sealed class InProcessHost
{
    private InProcessControlPlane? plane;

    public async Task<IControlPlane> StartAsync(TimeProvider clock, IControlPlaneStore? store = null) =>
        plane = (await InProcessControlPlane.StartAsync(new ControlPlaneOptions(), store, clock, new Random(1), CancellationToken.None)).Value;

    public async Task StopAsync()
    {
        if (plane is not null) await plane.DisposeAsync();
    }
}
