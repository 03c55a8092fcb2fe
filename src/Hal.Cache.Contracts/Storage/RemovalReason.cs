using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.Storage;

/// <summary>Why an entry left the store.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RemovalReason>))]
public enum RemovalReason
{
    [JsonStringEnumMemberName("deleted")]
    Deleted,

    [JsonStringEnumMemberName("expired")]
    Expired,

    [JsonStringEnumMemberName("evicted")]
    Evicted,

    [JsonStringEnumMemberName("invalidated")]
    Invalidated,
}
