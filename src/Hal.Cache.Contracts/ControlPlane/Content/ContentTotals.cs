namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The content map in numbers.</summary>
public sealed record ContentTotals
{
    /// <summary>Different keys.</summary>
    public required long Keys { get; init; }

    /// <summary>Copies of all keys.</summary>
    public required long Copies { get; init; }

    /// <summary>Bytes of all copies.</summary>
    public required long CopyBytes { get; init; }

    /// <summary>Memory that the content map takes, in bytes, as it counts itself.</summary>
    public required long IndexBytes { get; init; }

    public required IReadOnlyList<InstanceContent> Instances { get; init; }
}
