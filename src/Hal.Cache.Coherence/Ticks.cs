namespace Hal.Cache.Coherence;

/// <summary>Durations in the ticks of the host's monotonic clock.</summary>
internal static class Ticks
{
    public static long Of(TimeSpan duration, long ticksPerSecond) => (long)((Int128)duration.Ticks * ticksPerSecond / TimeSpan.TicksPerSecond);
}
