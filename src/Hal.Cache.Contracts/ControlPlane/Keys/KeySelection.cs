namespace Hal.Cache.Contracts.ControlPlane;

// Generated JSON readers set what is absent to null instead of leaving its initial value: lists take null for empty, here and in the other messages.
/// <summary>A set of keys: a list, prefixes, a stored manifest, or several of these together.</summary>
public sealed record KeySelection
{
    public IReadOnlyList<CacheKey> Keys { get; init => field = value ?? []; } = [];

    public IReadOnlyList<KeyPrefix> Prefixes { get; init => field = value ?? []; } = [];

    /// <summary>Name of a manifest.</summary>
    public string? Manifest { get; init; }
}
