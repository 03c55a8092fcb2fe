using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>What an instance's lease says about it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<InstanceState>))]
public enum InstanceState
{
    /// <summary>Its lease runs.</summary>
    [JsonStringEnumMemberName("live")]
    Live,

    /// <summary>Its lease has ended; it is routed around, and its content is still known.</summary>
    [JsonStringEnumMemberName("suspect")]
    Suspect,

    /// <summary>Silent for so long that its content is forgotten; it must register again.</summary>
    [JsonStringEnumMemberName("gone")]
    Gone,
}
