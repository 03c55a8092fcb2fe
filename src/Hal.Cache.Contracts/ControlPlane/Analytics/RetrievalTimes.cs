namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Retrieval times of fetches, from a histogram whose buckets are at most 12.5 % wide; null where there was none.</summary>
public sealed record RetrievalTimes
{
    public required long Count { get; init; }

    public double? P50Ms { get; init; }

    public double? P90Ms { get; init; }

    public double? P99Ms { get; init; }

    public double? P999Ms { get; init; }

    public double? MaxMs { get; init; }
}
