using System.Text.Json.Serialization;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>
/// Changes of one kind at one instance; the names on the wire are part of the contract. Lists that belong to others are as long as
/// they are, or empty where nothing is told.
/// </summary>
public sealed record ChangeEvent
{
    [JsonPropertyName("instance")]
    public required string Instance { get; init; }

    [JsonPropertyName("epoch")]
    public required long Epoch { get; init; }

    /// <summary>From 1, without gaps within an epoch.</summary>
    [JsonPropertyName("sequence")]
    public required long Sequence { get; init; }

    /// <summary>When the change happened, by the instance's clock.</summary>
    [JsonPropertyName("timestamp")]
    public required DateTimeOffset Timestamp { get; init; }

    [JsonPropertyName("keys_added")]
    public IReadOnlyList<CacheKey> KeysAdded { get; init; } = [];

    /// <summary>Sizes in bytes, of <see cref="KeysAdded"/>.</summary>
    [JsonPropertyName("key_sizes")]
    public IReadOnlyList<long> KeySizes { get; init; } = [];

    /// <summary>Versions, of <see cref="KeysAdded"/>; empty where they have none.</summary>
    [JsonPropertyName("key_versions")]
    public IReadOnlyList<long> KeyVersions { get; init; } = [];

    /// <summary>Keys that left, for whatever reason.</summary>
    [JsonPropertyName("keys_evicted")]
    public IReadOnlyList<CacheKey> KeysEvicted { get; init; } = [];

    /// <summary>Why, of <see cref="KeysEvicted"/>; empty where all were evicted.</summary>
    [JsonPropertyName("removal_reasons")]
    public IReadOnlyList<RemovalReason> RemovalReasons { get; init; } = [];

    /// <summary>The additions replace what was there.</summary>
    [JsonPropertyName("modification")]
    public bool Modification { get; init; }

    /// <summary>The instance that the additions were fetched from; null: a client's write, an origin, or a re-report.</summary>
    [JsonPropertyName("source_instance")]
    public string? SourceInstance { get; init; }

    /// <summary>Time from miss to last byte; null where nothing was fetched.</summary>
    [JsonPropertyName("retrieval_time_ms")]
    public double? RetrievalTimeMs { get; init; }
}
