namespace Hal.Cache.ControlPlane.Analytics;

/// <summary>What went over one link.</summary>
internal sealed class LinkCounts
{
    public long Bytes;
    public long Objects;
    public double Money;
}
