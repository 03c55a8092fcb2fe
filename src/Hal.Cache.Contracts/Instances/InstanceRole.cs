using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.Instances;

/// <summary>An instance's place in its tree; one that stands alone is a root.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<InstanceRole>))]
public enum InstanceRole
{
    [JsonStringEnumMemberName("root")]
    Root,

    [JsonStringEnumMemberName("branch")]
    Branch,

    [JsonStringEnumMemberName("leaf")]
    Leaf,
}
