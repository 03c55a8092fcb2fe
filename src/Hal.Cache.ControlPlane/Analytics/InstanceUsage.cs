using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Analytics;

/// <summary>Use of one instance. Not thread-safe.</summary>
internal sealed class InstanceUsage(TimeProvider time)
{
    public const int PopularKeysKept = 512;

    private long hits;
    private long misses;
    private long originBytes;
    private long epoch = -1;

    public SlidingWindow<UsageCounts> Window { get; } = new(time);

    public SpaceSaving Popular { get; } = new(PopularKeysKept);

    /// <summary>Takes the totals of a heartbeat, which count from the start of the epoch.</summary>
    public void Take(long ofEpoch, InstanceLoad load)
    {
        if (ofEpoch != epoch) (epoch, hits, misses, originBytes) = (ofEpoch, 0, 0, 0);
        var now = Window.Now;
        now.Hits += Math.Max(0, load.HitsTotal - hits);
        now.Misses += Math.Max(0, load.MissesTotal - misses);
        now.OriginBytes += Math.Max(0, load.OriginBytesTotal - originBytes);
        (hits, misses, originBytes) = (load.HitsTotal, load.MissesTotal, load.OriginBytesTotal);
    }
}
