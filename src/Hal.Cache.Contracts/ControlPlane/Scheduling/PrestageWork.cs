namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Keys that an instance should fetch for a job.</summary>
public sealed record PrestageWork
{
    public required string Job { get; init; }

    public required IReadOnlyList<CacheKey> Keys { get; init; }

    public long? BandwidthBytesPerSecond { get; init; }

    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Keys not told of within this time are given out again, in milliseconds.</summary>
    public required int TakenForMs { get; init; }
}
