namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>An instance that has a copy, or is fetching one.</summary>
public sealed record Holder
{
    public required string Instance { get; init; }

    public required InstanceState State { get; init; }

    /// <summary>Bytes of the object at this instance.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Version of the copy, 0 where it is not told.</summary>
    public required long Version { get; init; }

    /// <summary>The copy is on its way; the instance relays what it has.</summary>
    public bool Fetching { get; init; }
}
