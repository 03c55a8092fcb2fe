namespace Hal.Cache.Contracts.Origins;

/// <summary>An origin behind all keys that start with a prefix, and how long its objects may be served without asking it again.</summary>
public sealed class OriginMount(ReadOnlyMemory<byte> prefix, IOrigin origin, Freshness freshness)
{
    /// <summary>The bytes that a key of this mount starts with; never empty.</summary>
    public ReadOnlyMemory<byte> Prefix { get; } = prefix;

    public IOrigin Origin { get; } = origin;

    public Freshness Freshness { get; } = freshness;

    /// <summary>The path that <paramref name="key"/> has in the origin; empty for the prefix itself, which every origin refuses.</summary>
    public ReadOnlyMemory<byte> PathOf(ReadOnlyMemory<byte> key) => key[Prefix.Length..];
}
