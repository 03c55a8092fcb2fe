using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Topology;

/// <summary>One directed link: configured figures, and moving averages of what was seen. Not thread-safe.</summary>
internal sealed class LinkState(string from, string to)
{
    /// <summary>Weight of a new observation in the moving average; some ten observations replace the old figure.</summary>
    public const double Weight = 0.2;

    /// <summary>Smaller transfers say more about latency than about bandwidth, so they are not averaged, in bytes.</summary>
    public const long TransferBytesMin = 64 << 10;

    private double? latencyMs;
    private double? bandwidth;

    public string From { get; } = from;

    public string To { get; } = to;

    public LinkFigures? Configured { get; set; }

    /// <summary>Joins a parent and its child, so that it exists without being configured.</summary>
    public bool IsOfTree { get; set; }

    public DateTimeOffset? ObservedAt { get; private set; }

    /// <summary>Neither configured, of the tree, nor observed: there is no such link any more.</summary>
    public bool IsEmpty => Configured is null && !IsOfTree && ObservedAt is null;

    public double LatencyMs => latencyMs ?? Configured?.LatencyMs ?? LinkDefaults.LatencyMs;

    public double BandwidthBytesPerSecond => bandwidth ?? Configured?.BandwidthBytesPerSecond ?? LinkDefaults.BandwidthBytesPerSecond;

    public double MoneyPerGiB => Configured?.MoneyPerGiB ?? 0;

    /// <summary>Averages an observation in; half a round trip is one latency.</summary>
    public void Observe(LinkObservation seen, DateTimeOffset now)
    {
        if (seen.RoundTripMs is { } roundTrip) latencyMs = Average(latencyMs, roundTrip / 2);
        if (seen is { TransferBytes: >= TransferBytesMin and var bytes, TransferMs: > 0 and var ms })
            bandwidth = Average(bandwidth, bytes / (ms / 1000));
        ObservedAt = now;
    }

    public LinkState Copy() => (LinkState)MemberwiseClone();

    public Link Describe() => new()
    {
        From = From,
        To = To,
        Configured = Configured,
        Measured = latencyMs is null && bandwidth is null ? null : new LinkFigures { LatencyMs = latencyMs, BandwidthBytesPerSecond = bandwidth },
        ObservedAt = ObservedAt,
        Effective = new LinkFigures { LatencyMs = LatencyMs, BandwidthBytesPerSecond = BandwidthBytesPerSecond, MoneyPerGiB = MoneyPerGiB },
    };

    private static double Average(double? before, double seen) => before is { } known ? known + (Weight * (seen - known)) : seen;
}
