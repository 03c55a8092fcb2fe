namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Where to fetch a key from: usable candidates by rising cost, then those left out.</summary>
public sealed record KeyRoutes
{
    public required CacheKey Key { get; init; }

    /// <summary>The slot's authority, which can load the key from the origin; null where no root owns the slot.</summary>
    public string? Root { get; init; }

    public required long SizeBytes { get; init; }

    public required long Version { get; init; }

    public required IReadOnlyList<RouteCandidate> Candidates { get; init; }
}
