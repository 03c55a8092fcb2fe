using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>How a source failed.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RouteFailureReason>))]
public enum RouteFailureReason
{
    [JsonStringEnumMemberName("unreachable")]
    Unreachable,

    [JsonStringEnumMemberName("slow")]
    Slow,

    [JsonStringEnumMemberName("corrupt")]
    Corrupt,

    /// <summary>It had not the version, or not the key.</summary>
    [JsonStringEnumMemberName("missing")]
    Missing,
}
