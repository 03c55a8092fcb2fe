using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

internal sealed class HttpInstances(PlaneCalls calls) : IInstances
{
    private const string Root = "v1/instances";

    public Task<Result<InstanceLease>> RegisterAsync(InstanceRegistration registration, CancellationToken cancellation) =>
        calls.SendAsync(
            HttpMethod.Put, new PlaneAddress(Root).Segment(registration.Name), registration, PlaneCalls.Json.InstanceRegistration, PlaneCalls.Json.InstanceLease, cancellation);

    public Task<Result<InstanceLease>> HeartbeatAsync(Heartbeat heartbeat, CancellationToken cancellation) =>
        calls.SendAsync(
            HttpMethod.Post, new PlaneAddress(Root).Segment(heartbeat.Instance).Path("heartbeat"), heartbeat, PlaneCalls.Json.Heartbeat, PlaneCalls.Json.InstanceLease, cancellation);

    public async Task<Result<Page<InstanceInfo>>> ListAsync(PageRequest page, CancellationToken cancellation)
    {
        var list = await calls.GetAsync(new PlaneAddress(Root).Page(page), ClientJson.Default.InstanceListDocument, cancellation);
        if (list.Error is { } error) return error;
        return new Page<InstanceInfo>([.. list.Value.Instances.Select(i => i.Registered).OfType<InstanceInfo>()], list.Value.Next);
    }

    public async Task<Result<InstanceInfo>> GetAsync(string instance, CancellationToken cancellation)
    {
        var found = await calls.GetAsync(new PlaneAddress(Root).Segment(instance), ClientJson.Default.InstanceDocument, cancellation);
        if (found.Error is { } error) return error;
        return found.Value.Registered is { } info ? info : new CacheError(CacheErrorCode.NotFound, $"instance '{instance}' has not registered");
    }

    public Task<Result<Done>> RemoveAsync(string instance, long? epoch, CancellationToken cancellation) =>
        calls.DeleteAsync(new PlaneAddress(Root).Segment(instance).Query("epoch", epoch), cancellation);
}
