namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>A link with the figures that ways are found with.</summary>
public sealed record ViewedLink(string From, string To, double LatencyMs, double BandwidthBytesPerSecond, double MoneyPerGiB);
