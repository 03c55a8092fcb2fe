using System.Text.Json.Serialization;

namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>What a scaler might do.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ScalingAdvice>))]
public enum ScalingAdvice
{
    [JsonStringEnumMemberName("keep")]
    Keep,

    /// <summary>Full, under pressure, and missing: more room would help.</summary>
    [JsonStringEnumMemberName("grow")]
    Grow,

    /// <summary>Mostly empty and without pressure.</summary>
    [JsonStringEnumMemberName("shrink")]
    Shrink,
}
