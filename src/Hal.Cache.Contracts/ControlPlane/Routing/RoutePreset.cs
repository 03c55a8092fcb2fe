using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Ready-made weights.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RoutePreset>))]
public enum RoutePreset
{
    /// <summary>Time and money both count: one unit of money is worth 10 s.</summary>
    [JsonStringEnumMemberName("balanced")]
    Balanced,

    /// <summary>Time only.</summary>
    [JsonStringEnumMemberName("fastest")]
    Fastest,

    /// <summary>Money first: one unit is worth 1,000,000 s, so that time decides only between equal prices.</summary>
    [JsonStringEnumMemberName("cheapest")]
    Cheapest,
}
