using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

internal sealed class OrleansInstances(Func<IInstances> grain, GrainCalls calls) : IInstances
{
    public Task<Result<InstanceLease>> RegisterAsync(InstanceRegistration registration, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().RegisterAsync(registration, cancellation), cancellation);

    public Task<Result<InstanceLease>> HeartbeatAsync(Heartbeat heartbeat, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().HeartbeatAsync(heartbeat, cancellation), cancellation);

    public Task<Result<Page<InstanceInfo>>> ListAsync(PageRequest page, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().ListAsync(page, cancellation), cancellation);

    public Task<Result<InstanceInfo>> GetAsync(string instance, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().GetAsync(instance, cancellation), cancellation);

    public Task<Result<Done>> RemoveAsync(string instance, long? epoch, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().RemoveAsync(instance, epoch, cancellation), cancellation);
}
