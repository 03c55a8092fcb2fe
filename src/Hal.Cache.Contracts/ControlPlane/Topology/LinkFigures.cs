namespace Hal.Cache.Contracts.ControlPlane;

/// <summary>What a link is like; null: not known.</summary>
public sealed record LinkFigures
{
    /// <summary>One way, in milliseconds.</summary>
    public double? LatencyMs { get; init; }

    public double? BandwidthBytesPerSecond { get; init; }

    /// <summary>Money for 2^30 bytes, in the tree's currency.</summary>
    public double? MoneyPerGiB { get; init; }
}
