namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Which root is the authority of which hash slots; actor: ownership record. Durable.</summary>
public interface IOwnership
{
    /// <summary>The root that owns the key's slot. NotFound: no root owns it.</summary>
    Task<Result<SlotOwner>> OwnerAsync(CacheKey key, CancellationToken cancellation);

    /// <summary>Gives slots to a root, all of them or none. Conflict: another root owns one. NotFound: no such root.</summary>
    Task<Result<Done>> AssignAsync(string root, IReadOnlyList<SlotRange> slots, CancellationToken cancellation);

    /// <summary>Takes slots from a root; slots of other roots are left alone.</summary>
    Task<Result<Done>> ReleaseAsync(string root, IReadOnlyList<SlotRange> slots, CancellationToken cancellation);

    /// <summary>All assigned ranges, by first slot.</summary>
    Task<Result<IReadOnlyList<SlotAssignment>>> ListAsync(CancellationToken cancellation);
}
