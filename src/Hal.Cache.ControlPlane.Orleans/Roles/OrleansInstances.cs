using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

/// <summary>Instances: each by its own grain; who there is, by the tree's.</summary>
/// <param name="tree">The tree's grain.</param>
/// <param name="instance">An instance's grain.</param>
/// <param name="silo">The silo that asks, which hosts what it registers; null where a client asks.</param>
/// <param name="freshness">How old a view may be.</param>
/// <param name="calls">How often a call is made.</param>
internal sealed class OrleansInstances(
    Func<IInstances> tree, Func<string, ICacheInstanceGrain> instance, Func<string?> silo, Freshness freshness, GrainCalls calls) : IInstances
{
    public async Task<Result<InstanceLease>> RegisterAsync(InstanceRegistration registration, CancellationToken cancellation)
    {
        // Before it registers, since what the grain knows does not go with it.
        if (silo() is { } here) await calls.AskAsync(() => SettleAsync(instance(registration.Name), here), cancellation);
        return await freshness.ChangeAsync(calls.CallAsync(() => instance(registration.Name).RegisterAsync(registration, cancellation), cancellation));
    }

    public Task<Result<InstanceLease>> HeartbeatAsync(Heartbeat heartbeat, CancellationToken cancellation) =>
        freshness.ChangeAsync(calls.CallAsync(() => instance(heartbeat.Instance).HeartbeatAsync(heartbeat, cancellation), cancellation));

    public async Task<Result<Page<InstanceInfo>>> ListAsync(PageRequest page, CancellationToken cancellation)
    {
        var found = await calls.CallAsync(() => tree().ListAsync(page, cancellation), cancellation);
        if (!found.IsOk) return found.Error;
        return found.Value with { Items = await Task.WhenAll(found.Value.Items.Select(i => CompleteAsync(i, cancellation))) };
    }

    public async Task<Result<InstanceInfo>> GetAsync(string name, CancellationToken cancellation)
    {
        var found = await calls.CallAsync(() => tree().GetAsync(name, cancellation), cancellation);
        return found.IsOk ? await CompleteAsync(found.Value, cancellation) : found.Error;
    }

    public Task<Result<Done>> RemoveAsync(string name, long? epoch, CancellationToken cancellation) =>
        freshness.ChangeAsync(calls.CallAsync(() => instance(name).RemoveAsync(epoch, cancellation), cancellation));

    private static async Task<bool> SettleAsync(ICacheInstanceGrain grain, string silo)
    {
        await grain.SettleAsync(silo);
        return true;
    }

    // An instance whose grain does not answer is told as the tree knows it: nothing of it is verified.
    private async Task<InstanceInfo> CompleteAsync(InstanceInfo info, CancellationToken cancellation)
    {
        var name = info.Registration.Name;
        var status = await calls.AskAsync(() => instance(name).StatusAsync(cancellation), cancellation);
        if (!status.IsOk) return info with { ContentVerified = false };
        var (applied, isVerified, keys, bytes) = status.Value;
        return info with { AppliedSequence = applied, ContentVerified = isVerified, Content = new InstanceContent(name, keys, bytes) };
    }
}
