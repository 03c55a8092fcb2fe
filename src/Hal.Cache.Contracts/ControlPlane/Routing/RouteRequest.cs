namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>A question for sources.</summary>
public sealed record RouteRequest
{
    /// <summary>1 to <see cref="ControlPlaneLimits.KeysMax"/>.</summary>
    public required IReadOnlyList<CacheKey> Keys { get; init; }

    /// <summary>The instance that wants the bytes.</summary>
    public required string Destination { get; init; }

    public RouteWeights? Weights { get; init; }

    /// <summary>Only copies of this version will do; null: the newest that is known.</summary>
    public long? Version { get; init; }

    /// <summary>Bytes that will be read of each key; null: all.</summary>
    public long? Bytes { get; init; }

    /// <summary>Sources that failed already.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];
}
