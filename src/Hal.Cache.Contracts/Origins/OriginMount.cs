namespace Hal.Cache.Contracts.Origins;

/// <summary>An origin behind all keys that start with a prefix, and how long its objects may be served without asking it again.</summary>
public sealed class OriginMount(ReadOnlyMemory<byte> prefix, IOrigin origin, Freshness freshness, bool? spills = true)
{
    /// <summary>The bytes that a key of this mount starts with; never empty.</summary>
    public ReadOnlyMemory<byte> Prefix { get; } = prefix;

    public IOrigin Origin { get; } = origin;

    public Freshness Freshness { get; } = freshness;

    /// <summary>
    /// Whether large objects' bytes that memory gives up are written to the store's log; else they are dropped, and read again. Where it was left open (null),
    /// they are not where the origin is on the store's own disk.
    /// </summary>
    public bool Spills { get; private set; } = spills ?? true;

    /// <summary>Says where the store writes, which settles <see cref="Spills"/> where it was left open.</summary>
    public void StoreIs(string directory) => Spills = spills ?? !Origin.SharesDiskWith(directory);

    /// <summary>The path that <paramref name="key"/> has in the origin; empty for the prefix itself, which every origin refuses.</summary>
    public ReadOnlyMemory<byte> PathOf(ReadOnlyMemory<byte> key) => key[Prefix.Length..];
}
