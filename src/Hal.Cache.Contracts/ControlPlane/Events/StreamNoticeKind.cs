using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The kinds of notice.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StreamNoticeKind>))]
public enum StreamNoticeKind
{
    /// <summary>The stream begins here; always the first item.</summary>
    [JsonStringEnumMemberName("started")]
    Started,

    /// <summary>Events between the last position and this one are lost.</summary>
    [JsonStringEnumMemberName("fellBehind")]
    FellBehind,

    /// <summary>The position is of another log, or ahead of this one; the stream goes on with everything kept.</summary>
    [JsonStringEnumMemberName("otherLog")]
    OtherLog,

    /// <summary>The subscription was refused, such as over a limit; the stream ends.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,
}
