using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The states of a prestage job; the last four are ends.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PrestageState>))]
public enum PrestageState
{
    /// <summary>No instance has taken work yet.</summary>
    [JsonStringEnumMemberName("waiting")]
    Waiting,

    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>Every key is at every instance.</summary>
    [JsonStringEnumMemberName("done")]
    Done,

    /// <summary>Ended, but some keys could not be fetched.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>The deadline came first.</summary>
    [JsonStringEnumMemberName("expired")]
    Expired,
}
