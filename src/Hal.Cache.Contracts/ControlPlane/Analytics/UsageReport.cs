namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Use in a sliding window.</summary>
public sealed record UsageReport
{
    public string? Instance { get; init; }

    public required int WindowSeconds { get; init; }

    public required long Hits { get; init; }

    public required long Misses { get; init; }

    /// <summary>Hits over hits and misses; null where there was neither.</summary>
    public double? HitRate { get; init; }

    public required long KeysAdded { get; init; }

    public required long KeysRemoved { get; init; }

    public required long Evictions { get; init; }

    /// <summary>Bytes of additions less bytes of removals.</summary>
    public required long GrowthBytes { get; init; }

    public required long GrowthKeys { get; init; }

    /// <summary>Bytes fetched from other instances.</summary>
    public required long FetchedBytes { get; init; }

    public required long OriginBytes { get; init; }

    public required double Money { get; init; }

    public required RetrievalTimes Retrieval { get; init; }
}
