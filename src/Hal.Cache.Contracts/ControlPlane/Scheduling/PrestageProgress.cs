namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>How fetches of a job went.</summary>
public sealed record PrestageProgress
{
    public required string Job { get; init; }

    public required string Instance { get; init; }

    public IReadOnlyList<CacheKey> Done { get; init; } = [];

    /// <summary>Tried, and given up for good.</summary>
    public IReadOnlyList<CacheKey> Failed { get; init; } = [];
}
