namespace Hal.Cache.Storage;

/// <summary>What happened since the start.</summary>
internal sealed class StoreCounters
{
    private long expired;
    private long evicted;
    private long spilled;
    private long loaded;
    private long rewritten;
    private long corrupt;
    private long changes;

    public long ExpiredCount => Volatile.Read(ref expired);

    public long EvictedCount => Volatile.Read(ref evicted);

    public long SpilledCount => Volatile.Read(ref spilled);

    public long LoadedCount => Volatile.Read(ref loaded);

    public long RewrittenBytes => Volatile.Read(ref rewritten);

    public long CorruptCount => Volatile.Read(ref corrupt);

    public long Changes => Volatile.Read(ref changes);

    public void Expired() => Interlocked.Increment(ref expired);

    public void Evicted() => Interlocked.Increment(ref evicted);

    public void Spilled() => Interlocked.Increment(ref spilled);

    public void Loaded() => Interlocked.Increment(ref loaded);

    public void Rewritten(long bytes) => Interlocked.Add(ref rewritten, bytes);

    public void Corrupt() => Interlocked.Increment(ref corrupt);

    /// <summary>Counted without a barrier: one change more or less does not matter, the hot path does.</summary>
    public void Changed() => changes++;
}
