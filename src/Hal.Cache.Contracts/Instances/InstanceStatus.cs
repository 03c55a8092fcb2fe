namespace Hal.Cache.Contracts.Instances;

/// <summary>An instance's health and sizes at one moment; sizes in bytes.</summary>
public sealed record InstanceStatus
{
    public required InstanceHealth Health { get; init; }

    /// <summary>One line for a person on why <see cref="Health"/> is not <see cref="InstanceHealth.Ready"/>, otherwise null.</summary>
    public string? Reason { get; init; }

    /// <summary>Objects in all databases, expired ones that are not yet removed included.</summary>
    public required long Keys { get; init; }

    /// <summary>Memory used for data, index and log.</summary>
    public required long MemoryBytes { get; init; }

    public required long MemoryLimitBytes { get; init; }

    /// <summary>Size of the data directory; 0 where data is kept in memory only.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>0 where data is kept in memory only.</summary>
    public required long DiskLimitBytes { get; init; }
}
