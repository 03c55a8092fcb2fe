using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Topology;

/// <summary>A way from one instance to another: latencies and money add up, the narrowest link gives the bandwidth.</summary>
internal sealed record PathFigures(IReadOnlyList<string> Hops, double LatencyMs, double BandwidthBytesPerSecond, double MoneyPerGiB)
{
    public double TransferMs(long bytes) => bytes / BandwidthBytesPerSecond * 1000;

    public double Money(long bytes) => bytes / LinkDefaults.BytesPerGiB * MoneyPerGiB;

    public LinkPath Describe(long bytes) => new()
    {
        Hops = Hops,
        LatencyMs = LatencyMs,
        BandwidthBytesPerSecond = Hops.Count > 1 ? BandwidthBytesPerSecond : null,
        MoneyPerGiB = MoneyPerGiB,
        TotalMs = LatencyMs + TransferMs(bytes),
        Money = Money(bytes),
    };
}
