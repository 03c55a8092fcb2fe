namespace Hal.Cache.ControlPlane.Reporting;

/// <summary>What was there before a change; the store knows it under the lock of the key's shard.</summary>
public readonly record struct Before
{
    private Before(BeforeKind kind, long sizeBytes, long version) => (Kind, SizeBytes, Version) = (kind, sizeBytes, version);

    /// <summary>Nothing was there.</summary>
    public static Before Nothing => new(BeforeKind.Nothing, 0, 0);

    /// <summary>Not known: the slot's digest is then lost until the next repair.</summary>
    public static Before Unknown => new(BeforeKind.Unknown, 0, 0);

    internal BeforeKind Kind { get; }

    internal long SizeBytes { get; }

    internal long Version { get; }

    /// <summary>A copy of this size in bytes and this version.</summary>
    public static Before Copy(long sizeBytes, long version) => new(BeforeKind.Copy, sizeBytes, version);
}
