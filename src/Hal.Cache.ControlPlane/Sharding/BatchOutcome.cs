using System.Text.Json.Serialization;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>What a tree has to know of a batch that its ownership records took: news for subscribers, and use.</summary>
public sealed record BatchOutcome
{
    public required string Instance { get; init; }

    /// <summary>Tells a repeat from another outcome of the instance.</summary>
    public required string Id { get; init; }

    public IReadOnlyList<ChangeEvent> Published { get; init; } = [];

    public long KeysAdded { get; init; }

    public long KeysRemoved { get; init; }

    public long Evictions { get; init; }

    public long GrowthBytes { get; init; }

    /// <summary>Times from miss to last byte, in milliseconds.</summary>
    public IReadOnlyList<double> RetrievalsMs { get; init; } = [];

    public IReadOnlyList<Transfer> Transfers { get; init; } = [];

    public IReadOnlyList<CacheKey> Missed { get; init; } = [];

    /// <summary>False where nothing came of the batch that the tree has to know.</summary>
    [JsonIgnore]
    public bool HasNews => Published.Count > 0 || RetrievalsMs.Count > 0 || Transfers.Count > 0 || KeysAdded + KeysRemoved > 0 || GrowthBytes != 0;
}
