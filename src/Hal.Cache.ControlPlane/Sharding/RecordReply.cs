using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>What changes did to an ownership record.</summary>
public sealed record RecordReply
{
    /// <summary>What the record has of the instance afterwards.</summary>
    public required RecordShare Share { get; init; }

    public long KeysAdded { get; init; }

    public long KeysRemoved { get; init; }

    public long Evictions { get; init; }

    public long GrowthBytes { get; init; }

    /// <summary>Places of the events that changed something.</summary>
    public IReadOnlyList<int> Changed { get; init; } = [];

    /// <summary>Keys that a repair dropped.</summary>
    public IReadOnlyList<CacheKey> Dropped { get; init; } = [];
}
