using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The states of a batch, in their order.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BatchState>))]
public enum BatchState
{
    /// <summary>Prestage jobs and pins may name it.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>Nothing may name it any more; what it has is being ended.</summary>
    [JsonStringEnumMemberName("ending")]
    Ending,

    /// <summary>Nothing is left of what it had.</summary>
    [JsonStringEnumMemberName("ended")]
    Ended,
}
