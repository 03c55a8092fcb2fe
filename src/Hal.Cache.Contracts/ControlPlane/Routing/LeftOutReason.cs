using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>Why a holder is no source.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LeftOutReason>))]
public enum LeftOutReason
{
    [JsonStringEnumMemberName("isDestination")]
    IsDestination,

    [JsonStringEnumMemberName("suspect")]
    Suspect,

    [JsonStringEnumMemberName("gone")]
    Gone,

    [JsonStringEnumMemberName("otherVersion")]
    OtherVersion,

    [JsonStringEnumMemberName("noPath")]
    NoPath,

    [JsonStringEnumMemberName("excluded")]
    Excluded,

    /// <summary>Its queue is longer than a fetch may wait.</summary>
    [JsonStringEnumMemberName("overloaded")]
    Overloaded,

    /// <summary>It fetches by way of the destination, so that both would wait for each other.</summary>
    [JsonStringEnumMemberName("fetchesFromDestination")]
    FetchesFromDestination,
}
