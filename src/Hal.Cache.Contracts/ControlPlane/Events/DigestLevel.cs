using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>What digests are about.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DigestLevel>))]
public enum DigestLevel
{
    /// <summary>256 records of 64 slots.</summary>
    [JsonStringEnumMemberName("record")]
    Record,

    /// <summary>16,384 slots.</summary>
    [JsonStringEnumMemberName("slot")]
    Slot,
}
