namespace Hal.Cache.ControlPlane.Analytics;

/// <summary>What happened in a span of time; bytes unless named otherwise. Not thread-safe.</summary>
internal sealed class UsageCounts
{
    public long Hits;
    public long Misses;
    public long KeysAdded;
    public long KeysRemoved;
    public long Evictions;
    public long GrowthBytes;
    public long GrowthKeys;
    public long FetchedBytes;
    public long OriginBytes;
    public double Money;

    /// <summary>Null where nothing was fetched.</summary>
    public TimeHistogram? Retrieval;

    public void Add(UsageCounts other)
    {
        Hits += other.Hits;
        Misses += other.Misses;
        KeysAdded += other.KeysAdded;
        KeysRemoved += other.KeysRemoved;
        Evictions += other.Evictions;
        GrowthBytes += other.GrowthBytes;
        GrowthKeys += other.GrowthKeys;
        FetchedBytes += other.FetchedBytes;
        OriginBytes += other.OriginBytes;
        Money += other.Money;
        if (other.Retrieval is not null) (Retrieval ??= new TimeHistogram()).Add(other.Retrieval);
    }
}
