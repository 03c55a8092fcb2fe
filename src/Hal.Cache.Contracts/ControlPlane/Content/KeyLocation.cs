namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Where a key's copies are.</summary>
public sealed record KeyLocation
{
    public required CacheKey Key { get; init; }

    public required int Slot { get; init; }

    /// <summary>The root that is the slot's authority; null where no root owns it.</summary>
    public string? Root { get; init; }

    /// <summary>Newest version among the holders, 0 where there is none.</summary>
    public long Version { get; init; }

    /// <summary>Size of the newest version, in bytes, 0 where nobody holds it.</summary>
    public long SizeBytes { get; init; }

    /// <summary>
    /// The index was lost and not all instances have told it anew, so that there may be more holders: the way by parent and root is open.
    /// </summary>
    public bool Incomplete { get; init; }

    public IReadOnlyList<Holder> Holders { get; init => field = value ?? []; } = [];
}
