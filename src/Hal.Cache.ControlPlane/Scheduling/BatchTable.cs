using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Scheduling;

/// <summary>All batches: those that have not ended, and the last ones that have. Not thread-safe.</summary>
internal sealed class BatchTable
{
    private readonly SortedDictionary<string, BatchInfo> batches = new(StringComparer.Ordinal);

    /// <summary>Batches that have not ended.</summary>
    public int Open => batches.Values.Count(b => b.State != BatchState.Ended);

    /// <summary>By name.</summary>
    public IEnumerable<BatchInfo> All => batches.Values;

    public static CacheError Unknown(string batch) => new(CacheErrorCode.NotFound, $"there is no batch '{batch}'");

    public static CacheError Over(string batch) => new(CacheErrorCode.Conflict, $"batch '{batch}' has ended; another one needs another name");

    public BatchInfo? Find(string batch) => batches.GetValueOrDefault(batch);

    /// <summary>Takes a batch as it is now; answers the ended ones that it pushes out.</summary>
    public IReadOnlyList<string> Set(BatchInfo batch)
    {
        batches[batch.Batch] = batch;
        var room = Math.Max(0, batches.Count - ControlPlaneLimits.BatchesMax);
        string[] forgotten = [.. batches.Values.Where(b => b.State == BatchState.Ended).OrderBy(b => b.EndedAt).Take(room).Select(b => b.Batch)];
        foreach (var old in forgotten) batches.Remove(old);
        return forgotten;
    }

    /// <summary>Why nothing may join a batch; null where it may, or names none.</summary>
    public CacheError? Refusal(string? batch, DateTimeOffset now)
    {
        if (batch is null) return null;
        if (Find(batch) is not { } found) return Unknown(batch);
        return found.State == BatchState.Running && !(found.EndsAt <= now) ? null : Over(batch);
    }

    /// <summary>Batches whose end has come, or has begun and is not through.</summary>
    public IReadOnlyList<string> Due(DateTimeOffset now) =>
        [.. batches.Values.Where(b => b.State == BatchState.Ending || (b.State == BatchState.Running && b.EndsAt <= now)).Select(b => b.Batch)];

    public bool HasEnded(string batch) => Find(batch)?.State == BatchState.Ended;
}
