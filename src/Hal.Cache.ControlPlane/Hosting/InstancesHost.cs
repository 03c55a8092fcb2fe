using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Routing;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>The registry, in this process. Its changes have a turn of their own: where the store is slow, only roots wait for it.</summary>
internal sealed class InstancesHost(PlaneState state, OwnershipHost ownership, SchedulingHost scheduling) : IInstances, IDisposable
{
    private readonly Turn turn = new();

    public void Dispose() => turn.Dispose();

    public Task<Result<InstanceLease>> RegisterAsync(InstanceRegistration registration, CancellationToken cancellation) =>
        turn.RunAsync(() => RegisterNowAsync(registration, cancellation), cancellation);

    public Task<Result<InstanceLease>> HeartbeatAsync(Heartbeat heartbeat, CancellationToken cancellation) => Task.FromResult(Hear(heartbeat));

    public Task<Result<Page<InstanceInfo>>> ListAsync(PageRequest page, CancellationToken cancellation)
    {
        var found = Paging.Of(state.Registry.All.Values, i => i.Name, page);
        return Task.FromResult<Result<Page<InstanceInfo>>>(
            found.IsOk ? new Page<InstanceInfo>([.. found.Value.Items.Select(Describe)], found.Value.Next) : found.Error);
    }

    public Task<Result<InstanceInfo>> GetAsync(string instance, CancellationToken cancellation) =>
        Task.FromResult<Result<InstanceInfo>>(state.Registry.Find(instance) is { } found ? Describe(found) : InstanceRegistry.Unknown(instance));

    public Task<Result<Done>> RemoveAsync(string instance, long? epoch, CancellationToken cancellation) => turn.RunAsync<Result<Done>>(
        async () =>
        {
            if (state.Registry.Find(instance) is not { } found) return Done.Value;
            if (epoch is not null && epoch != found.Registration.Epoch) return found.Stale(epoch.Value);
            if (state.Registry.ChildOf(instance) is { } child)
                return new CacheError(CacheErrorCode.Conflict, $"instance '{instance}' is the parent of '{child.Name}'");
            if (await ownership.ReleaseAllAsync(instance, cancellation) is { } error) return error;
            lock (found.Gate)
            {
                found.Dropped = true;
                state.DropContent(found);
                state.Registry.Remove(found);
            }
            state.Topology.Tell(t => t.Leave(instance));
            state.Usage.Tell(u => u.Forget(instance));
            return Done.Value;
        },
        cancellation);

    /// <summary>Forgets the content of instances that are gone.</summary>
    public void DropGone()
    {
        foreach (var instance in state.Registry.All.Values)
        {
            if (instance.State(state.Now) != InstanceState.Gone) continue;
            lock (instance.Gate)
            {
                // It may have been heard in between.
                if (instance.State(state.Now) == InstanceState.Gone) state.DropContent(instance);
            }
        }
    }

    private async Task<Result<InstanceLease>> RegisterNowAsync(InstanceRegistration registration, CancellationToken cancellation)
    {
        if (state.Registry.Check(registration) is { } error) return error;
        var known = state.Registry.Find(registration.Name);
        var parentBefore = known?.Registration.Parent;
        if (known is not null)
        {
            lock (known.Gate)
            {
                // Asked before anything is changed; the renewal itself comes after the claim of slots, which may be refused.
                if (known.Refusal(registration, state.Now) is { } refusal) return refusal;
            }
        }
        if (await ownership.ClaimAsync(registration, cancellation) is { } conflict) return conflict;

        if (known is null)
        {
            var added = state.Registry.Add(registration, state.Now);
            if (!added.IsOk) return added.Error;
            known = added.Value;
        }
        else
        {
            lock (known.Gate)
            {
                if (known.State(state.Now) == InstanceState.Gone) state.DropContent(known);
                known.Renew(registration, state.Now);
            }
        }
        Join(registration, parentBefore);
        lock (known.Gate) return known.Lease(scheduling.IsWaiting(known.Name));
    }

    private void Join(InstanceRegistration registration, string? parentBefore) => state.Topology.Tell(t =>
    {
        if (parentBefore is not null && parentBefore != registration.Parent) t.Join(parentBefore, registration.Name, false);
        if (registration.Parent is not null) t.Join(registration.Parent, registration.Name, true);
    });

    private Result<InstanceLease> Hear(Heartbeat heartbeat)
    {
        if (heartbeat.PopularKeys.Count > ControlPlaneLimits.HeartbeatKeysMax)
            return new CacheError(CacheErrorCode.Invalid, $"a heartbeat has at most {ControlPlaneLimits.HeartbeatKeysMax} popular keys (HeartbeatKeysMax)");
        if (heartbeat.Links.Count > ControlPlaneLimits.ObservationsMax)
            return new CacheError(CacheErrorCode.Invalid, $"a heartbeat has at most {ControlPlaneLimits.ObservationsMax} links (ObservationsMax)");
        var found = state.Present(heartbeat.Instance);
        if (!found.IsOk) return found.Error;
        var instance = found.Value;
        InstanceLease lease;
        bool isNew;
        lock (instance.Gate)
        {
            if (instance.Dropped) return InstanceRegistry.Unknown(heartbeat.Instance);
            var heard = instance.Hear(heartbeat, state.Now);
            if (!heard.IsOk) return heard.Error;
            isNew = heard.Value;
            if (isNew && heartbeat.Digest is { } digest && heartbeat.Sequence == instance.Applied)
            {
                if (digest == state.Sum(instance).Digest) instance.Verify();
                else instance.Lose();
            }
            lease = instance.Lease(scheduling.IsWaiting(instance.Name));
        }
        if (isNew) Count(heartbeat);
        return lease;
    }

    private void Count(Heartbeat heartbeat)
    {
        state.Usage.Tell(usage =>
        {
            usage.Of(heartbeat.Instance).Take(heartbeat.Epoch, heartbeat.Load);
            foreach (var read in heartbeat.PopularKeys) usage.Read(heartbeat.Instance, read.Key, read.Reads);
        });
        if (heartbeat.Links.Count > 0) TopologyHost.Observe(state, heartbeat.Links);
    }

    private InstanceInfo Describe(CacheInstance instance)
    {
        lock (instance.Gate)
        {
            var (_, keys, bytes) = state.Sum(instance);
            return new InstanceInfo
            {
                Registration = instance.Registration,
                State = instance.State(state.Now),
                RegisteredAt = instance.RegisteredAt,
                LastHeartbeatAt = instance.HeardAt,
                LeaseEndsAt = instance.LeaseEndsAt,
                AppliedSequence = instance.Applied,
                ContentVerified = instance.Verified,
                Content = new InstanceContent(instance.Name, keys, bytes),
                Load = instance.Load,
            };
        }
    }
}
