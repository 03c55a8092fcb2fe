namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The registry of cache instances; actor: cache instance, by name.</summary>
public interface IInstances
{
    /// <summary>
    /// Announces an instance or renews it. Conflict: the name is another silo's, a second root for a slot, a cycle of parents, or another
    /// protocol version. NotFound: no such parent. StaleEpoch: a higher epoch of the name is known.
    /// </summary>
    Task<Result<InstanceLease>> RegisterAsync(InstanceRegistration registration, CancellationToken cancellation);

    /// <summary>Extends the lease and tells load and use. NotFound or StaleEpoch: register again.</summary>
    Task<Result<InstanceLease>> HeartbeatAsync(Heartbeat heartbeat, CancellationToken cancellation);

    /// <summary>Instances by name.</summary>
    Task<Result<Page<InstanceInfo>>> ListAsync(PageRequest page, CancellationToken cancellation);

    Task<Result<InstanceInfo>> GetAsync(string instance, CancellationToken cancellation);

    /// <summary>
    /// Forgets an instance and its content; an epoch that is given must be the registered one, so that a late retry can't remove a
    /// successor. Removing what is not there is a success. Conflict: it is the parent of others.
    /// </summary>
    Task<Result<Done>> RemoveAsync(string instance, long? epoch, CancellationToken cancellation);
}
