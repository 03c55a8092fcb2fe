using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ContractSuites.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

[Collection(ClusterCollection.Name)]
public sealed class OrleansInstancesContractTests(ClusterFixture cluster) : InstancesContract
{
    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => cluster.NewTreeAsync(clock);

    protected override Task StopAsync() => Task.CompletedTask;
}

[Collection(ClusterCollection.Name)]
public sealed class OrleansContentContractTests(ClusterFixture cluster) : ContentContract
{
    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => cluster.NewTreeAsync(clock);

    protected override Task StopAsync() => Task.CompletedTask;
}

[Collection(ClusterCollection.Name)]
public sealed class OrleansOwnershipContractTests(ClusterFixture cluster) : OwnershipContract
{
    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => cluster.NewTreeAsync(clock);

    protected override Task StopAsync() => Task.CompletedTask;
}

[Collection(ClusterCollection.Name)]
public sealed class OrleansTopologyContractTests(ClusterFixture cluster) : TopologyContract
{
    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => cluster.NewTreeAsync(clock);

    protected override Task StopAsync() => Task.CompletedTask;
}

[Collection(ClusterCollection.Name)]
public sealed class OrleansRoutingContractTests(ClusterFixture cluster) : RoutingContract
{
    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => cluster.NewTreeAsync(clock);

    protected override Task StopAsync() => Task.CompletedTask;
}

[Collection(ClusterCollection.Name)]
public sealed class OrleansEventsContractTests(ClusterFixture cluster) : EventsContract
{
    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => cluster.NewTreeAsync(clock);

    protected override Task StopAsync() => Task.CompletedTask;
}

[Collection(ClusterCollection.Name)]
public sealed class OrleansSchedulingContractTests(ClusterFixture cluster) : SchedulingContract
{
    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => cluster.NewTreeAsync(clock);

    protected override Task StopAsync() => Task.CompletedTask;
}

[Collection(ClusterCollection.Name)]
public sealed class OrleansBatchesContractTests(ClusterFixture cluster) : BatchesContract
{
    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => cluster.NewTreeAsync(clock);

    protected override Task StopAsync() => Task.CompletedTask;
}

[Collection(ClusterCollection.Name)]
public sealed class OrleansAnalyticsContractTests(ClusterFixture cluster) : AnalyticsContract
{
    protected override Task<IControlPlane> StartAsync(TimeProvider clock) => cluster.NewTreeAsync(clock);

    protected override Task StopAsync() => Task.CompletedTask;
}
