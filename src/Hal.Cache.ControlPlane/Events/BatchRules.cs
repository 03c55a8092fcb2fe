using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Events;

/// <summary>What a batch must be like before anything of it is taken.</summary>
internal static class BatchRules
{
    /// <summary>The first rule that a batch breaks; null where none.</summary>
    public static CacheError? Check(EventBatch batch)
    {
        if (batch.Events.Count + batch.Marks.Count > ControlPlaneLimits.BatchEventsMax)
            return Invalid($"a batch has at most {ControlPlaneLimits.BatchEventsMax} events (BatchEventsMax); this one has {batch.Events.Count + batch.Marks.Count}");

        long keys = batch.Fetches.Count, keyBytes = 0, before = 0;
        var database = batch.Fetches.FirstOrDefault(f => !IsValid(f.Key))?.Key.Database;
        foreach (var fetch in batch.Fetches) keyBytes += fetch.Key.Bytes.Length;
        foreach (var change in batch.Events)
        {
            if (change.Instance != batch.Instance || change.Epoch != batch.Epoch)
                return Invalid($"an event of '{change.Instance}', epoch {change.Epoch}, can't be in a batch of '{batch.Instance}', epoch {batch.Epoch}");
            if (change.Sequence < 1 || change.Sequence <= before)
                return Invalid($"sequence {change.Sequence} follows {before}; sequences must rise from 1 on");
            before = change.Sequence;
            if (change.KeySizes.Count != change.KeysAdded.Count) return Invalid($"event {change.Sequence} has {change.KeysAdded.Count} keys_added and {change.KeySizes.Count} key_sizes");
            if (change.KeyVersions.Count != 0 && change.KeyVersions.Count != change.KeysAdded.Count)
                return Invalid($"event {change.Sequence} has {change.KeysAdded.Count} keys_added and {change.KeyVersions.Count} key_versions");
            if (change.RemovalReasons.Count != 0 && change.RemovalReasons.Count != change.KeysEvicted.Count)
                return Invalid($"event {change.Sequence} has {change.KeysEvicted.Count} keys_evicted and {change.RemovalReasons.Count} removal_reasons");
            if (change.KeySizes.Any(s => s < 0)) return Invalid($"event {change.Sequence} has a negative size");
            if (change.RetrievalTimeMs is { } ms && !(ms >= 0 && double.IsFinite(ms))) return Invalid($"event {change.Sequence} has retrieval_time_ms {ms}");
            keys += change.KeysAdded.Count + change.KeysEvicted.Count;
            foreach (var key in change.KeysAdded.Concat(change.KeysEvicted))
            {
                keyBytes += key.Bytes.Length;
                if (!IsValid(key)) database ??= key.Database;
            }
        }
        if (database is not null) return Invalid($"a key is longer than {BlobKey.BytesMax} bytes, or its database is not from 0 to {ushort.MaxValue}");
        if (keys > ControlPlaneLimits.BatchKeysMax) return Invalid($"a batch has at most {ControlPlaneLimits.BatchKeysMax} keys (BatchKeysMax); this one has {keys}");
        if (keyBytes > ControlPlaneLimits.BatchKeyBytesMax)
            return Invalid($"the keys of a batch have at most {ControlPlaneLimits.BatchKeyBytesMax} bytes (BatchKeyBytesMax); these have {keyBytes}");
        return CheckMarks(batch);
    }

    public static bool IsValid(CacheKey key) => key.Bytes.Length <= BlobKey.BytesMax && key.Database is >= 0 and <= ushort.MaxValue;

    public static bool IsValid(SlotRange range) => range.First >= 0 && range.First <= range.Last && range.Last < HashSlot.Count;

    private static CacheError? CheckMarks(EventBatch batch)
    {
        long before = 0;
        foreach (var mark in batch.Marks)
        {
            if (mark.Sequence <= before || batch.Events.Any(e => e.Sequence == mark.Sequence)) return Invalid($"mark {mark.Sequence} has a sequence that is not its own");
            before = mark.Sequence;
            if (mark.Slots.FirstOrDefault(r => !IsValid(r)) is { } range) return Invalid($"slots {range.First} to {range.Last} are not within 0 to {HashSlot.Count - 1}");
        }
        return null;
    }

    private static CacheError Invalid(string message) => new(CacheErrorCode.Invalid, message);
}
