namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A set of keys: a list, prefixes, a stored manifest, or several of these together.</summary>
public sealed record KeySelection
{
    public IReadOnlyList<CacheKey> Keys { get; init; } = [];

    public IReadOnlyList<KeyPrefix> Prefixes { get; init; } = [];

    /// <summary>Name of a manifest.</summary>
    public string? Manifest { get; init; }
}
