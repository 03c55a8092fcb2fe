using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage;

internal sealed class StoreStatistics(StoreCore core, Saver saver) : IStoreStatistics
{
    private readonly long logBufferBytes = core.LogBufferBytes;

    public long MemoryBytes => core.Pool.UsedBytes + logBufferBytes;

    public long MemoryLimitBytes => core.Pool.LimitBytes + logBufferBytes;

    public long MemoryPeakBytes => core.Pool.PeakBytes + logBufferBytes;

    public long TableBytes => core.Pool.OverheadBytes;

    public long DiskBytes => core.Log?.DiskBytes ?? 0;

    public long DiskLimitBytes => core.Log != null ? core.Limits.LogBytesMax : 0;

    public long LiveBytes => core.Live.Total;

    public long Keys
    {
        get
        {
            long keys = 0;
            foreach (Shard shard in core.Shards)
                keys += shard.Table.Count;
            return keys;
        }
    }

    public long Expired => core.Counters.ExpiredCount;

    public long Evicted => core.Counters.EvictedCount;

    public long Spilled => core.Counters.SpilledCount;

    public long Loaded => core.Counters.LoadedCount;

    public long RewrittenBytes => core.Counters.RewrittenBytes;

    public long Corrupt => core.Counters.CorruptCount;

    public long Unsaved => core.AppendsAtOnce ? 0 : core.Counters.Changes - saver.SavedChanges;

    public long SavedAt => saver.SavedAt;

    public string? Problem => core.Log is { Health: { State: not LogState.Ok } health } ? health.Text : null;

    public string PolicyName => core.Policy.Name;
}
