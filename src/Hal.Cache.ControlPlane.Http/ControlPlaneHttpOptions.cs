using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;

namespace Hal.Cache.ControlPlane.Http;

/// <summary>True when a key matches a glob pattern by Redis's rules; both are bytes.</summary>
public delegate bool KeyMatch(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> key);

/// <summary>What the HTTP edge serves.</summary>
public sealed class ControlPlaneHttpOptions
{
    /// <summary>The instances in this process, by unique names.</summary>
    public required IReadOnlyList<IInstance> Instances { get; init; }

    /// <summary>How <c>match=</c> selects keys; given from outside, so that HTTP and RESP have one rule.</summary>
    public required KeyMatch Match { get; init; }

    /// <summary>The bearer token that /v1 and /metrics ask for; null asks for none.</summary>
    public string? Secret { get; init; }

    /// <summary>The control plane that this process hosts; null answers 503 to what asks for one.</summary>
    public IControlPlane? Plane { get; init; }

    /// <summary>Where the control plane is when it is not here, for a person; null where there is none.</summary>
    public string? PlaneElsewhere { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Limit of metric series that are kept; what comes beyond is counted, and left out.</summary>
    public int MetricSeriesMax { get; init; } = 10_000;
}
