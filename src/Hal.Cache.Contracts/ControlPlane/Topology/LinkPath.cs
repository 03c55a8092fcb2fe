namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>The cheapest way between two instances.</summary>
public sealed record LinkPath
{
    /// <summary>Both ends and what is between; one instance where both are the same.</summary>
    public required IReadOnlyList<string> Hops { get; init; }

    public required double LatencyMs { get; init; }

    /// <summary>Of the narrowest link; null where there is none, because both ends are one instance.</summary>
    public double? BandwidthBytesPerSecond { get; init; }

    public required double MoneyPerGiB { get; init; }

    /// <summary>Latency plus transfer of the bytes asked for.</summary>
    public required double TotalMs { get; init; }

    /// <summary>Money for the bytes asked for.</summary>
    public required double Money { get; init; }
}
