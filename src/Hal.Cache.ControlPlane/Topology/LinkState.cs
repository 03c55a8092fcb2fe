using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Topology;

/// <summary>One directed link: configured figures, and moving averages of what was seen. Not thread-safe.</summary>
internal sealed class LinkState(string from, string to)
{
    /// <summary>Weight of a new observation in the moving average; some ten observations replace the old figure.</summary>
    public const double Weight = 0.2;

    /// <summary>Smaller transfers say more about latency than about bandwidth, so they are not averaged, in bytes.</summary>
    public const long TransferBytesMin = 64 << 10;

    // A moving average that has moved by less than this since the ways were found does not make them wrong enough to search again.
    private const double ChangeRatioMin = 0.1;

    private double? latencyMs;
    private double? bandwidth;
    private (double LatencyMs, double Bandwidth, double Money) marked;

    public string From { get; } = from;

    public string To { get; } = to;

    public LinkFigures? Configured { get; set; }

    /// <summary>Joins a parent and its child, so that it exists without being configured.</summary>
    public bool IsOfTree { get; set; }

    public DateTimeOffset? ObservedAt { get; private set; }

    /// <summary>The graph's number of its last change that ways depend on; 0 before the first.</summary>
    public long Revision { get; private set; }

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

    /// <summary>The figures of this moment are those of a revision.</summary>
    public void Mark(long revision) => (Revision, marked) = (revision, (LatencyMs, BandwidthBytesPerSecond, MoneyPerGiB));

    /// <summary>The figures are others than those that were marked.</summary>
    public bool HasMovedSinceMark =>
        Revision == 0 || HasMoved(marked.LatencyMs, LatencyMs) || HasMoved(marked.Bandwidth, BandwidthBytesPerSecond) || marked.Money != MoneyPerGiB;

    /// <summary>Takes up averages of another life of the link.</summary>
    public void Recall(LinkFigures? measured, DateTimeOffset? observedAt) =>
        (latencyMs, bandwidth, ObservedAt) = (measured?.LatencyMs, measured?.BandwidthBytesPerSecond, observedAt);

    /// <summary>Forgets what was measured.</summary>
    public void Forget() => Recall(null, null);

    /// <summary>False where what was seen can't be.</summary>
    public static bool IsSane(LinkObservation seen) =>
        seen.From != seen.To
        && seen.RoundTripMs is null or (>= 0 and < double.PositiveInfinity)
        && seen.TransferMs is null or (> 0 and < double.PositiveInfinity)
        && seen.TransferBytes is null or >= 0;

    /// <summary>True where a figure has moved by so much that ways found with the old one may be wrong.</summary>
    public static bool HasMoved(double before, double now) => Math.Abs(now - before) > ChangeRatioMin * before;

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
