namespace Hal.Cache.ControlPlane.Topology;

/// <summary>What a link is taken for until it is configured or measured: a data centre's network.</summary>
internal static class LinkDefaults
{
    public const double LatencyMs = 0.5;

    public const double BandwidthBytesPerSecond = 125e6;

    public const double BytesPerGiB = 1 << 30;
}
