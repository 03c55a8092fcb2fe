using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The kinds of stored record; the names are stored, and never change.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StoredKind>))]
public enum StoredKind
{
    /// <summary>Configured figures of a link.</summary>
    [JsonStringEnumMemberName("link")]
    Link,

    /// <summary>Slots of a root.</summary>
    [JsonStringEnumMemberName("slots")]
    Slots,

    [JsonStringEnumMemberName("setting")]
    Setting,

    [JsonStringEnumMemberName("batch")]
    Batch,

    [JsonStringEnumMemberName("prestage")]
    Prestage,

    [JsonStringEnumMemberName("pin")]
    Pin,

    /// <summary>A part of a manifest's keys.</summary>
    [JsonStringEnumMemberName("manifest")]
    Manifest,

    /// <summary>An instance's registration.</summary>
    [JsonStringEnumMemberName("instance")]
    Instance,
}
