namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A fetch in flight at an instance; told again with <see cref="Ended"/> where it came to nothing.</summary>
public sealed record FetchHint
{
    public required CacheKey Key { get; init; }

    public long SizeBytes { get; init; }

    public long Version { get; init; }

    /// <summary>Where it fetches from; null: the origin.</summary>
    public string? Source { get; init; }

    public bool Ended { get; init; }
}
