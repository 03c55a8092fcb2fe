using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Scheduling;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Prestage jobs in the store: a head, the keys in parts, and how far each instance is.</summary>
internal sealed class JobRecords(DurableState durable)
{
    /// <summary>Heads by the jobs' ids; one without all its parts was never acknowledged, and is left out.</summary>
    public static IEnumerable<(string Job, StoredPrestage Head, IReadOnlyList<StoredRecord> Parts)> Heads(IReadOnlyList<StoredRecord> records)
    {
        var parts = records.Where(r => r.Kind == StoredKind.Prestage && KeyParts.Owner(r.Key) is not null && PrestageProgressKey.Instance(r.Key) is null)
            .ToLookup(r => KeyParts.Owner(r.Key)!, StringComparer.Ordinal);
        foreach (var record in records.Where(r => r.Kind == StoredKind.Prestage && KeyParts.Owner(r.Key) is null))
        {
            if (JsonSerializer.Deserialize(record.Value.Span, StoredJson.Default.StoredPrestage) is not { } head || parts[record.Key].Count() < head.Parts) continue;
            yield return (record.Key, head, [.. parts[record.Key].OrderBy(p => p.Key, StringComparer.Ordinal).Take(head.Parts)]);
        }
    }

    /// <summary>The jobs that were stored, as far as they had come.</summary>
    public static IReadOnlyList<PrestageJob> Load(IReadOnlyList<StoredRecord> records, DateTimeOffset now)
    {
        var jobs = new Dictionary<string, PrestageJob>(StringComparer.Ordinal);
        foreach (var (job, head, parts) in Heads(records))
        {
            var keys = parts.SelectMany(p => JsonSerializer.Deserialize(p.Value.Span, StoredJson.Default.IReadOnlyListCacheKey)!);
            jobs.Add(job, new PrestageJob(job, head.Request, new PackedKeys(keys), head.CreatedAt));
        }
        foreach (var record in records.Where(r => r.Kind == StoredKind.Prestage))
        {
            if (PrestageProgressKey.Instance(record.Key) is not { } instance || jobs.GetValueOrDefault(KeyParts.Owner(record.Key)!) is not { } job) continue;
            if (JsonSerializer.Deserialize(record.Value.Span, StoredJson.Default.StoredProgress) is { } progress)
                job.Restore(instance, progress.Settled, progress.Failed, now);
        }
        return [.. jobs.Values];
    }

    /// <summary>Stores a new job, its head last; only in the turn of durable changes, as all below.</summary>
    public async Task<CacheError?> StoreAsync(PrestageJob job, CancellationToken cancellation)
    {
        var part = 0;
        foreach (var keys in KeyParts.Split(job.Keys.All))
        {
            var name = KeyParts.Name(job.Id, part++);
            if (await durable.PutAsync(StoredKind.Prestage, name, keys, StoredJson.Default.IReadOnlyListCacheKey, cancellation) is { } error) return error;
        }
        var head = new StoredPrestage(job.Request, job.CreatedAt, part, job.Keys.Count);
        return await durable.PutAsync(StoredKind.Prestage, job.Id, head, StoredJson.Default.StoredPrestage, cancellation);
    }

    /// <summary>Stores how far an instance is.</summary>
    public Task<CacheError?> SaveAsync(string job, string instance, StoredProgress progress, CancellationToken cancellation) =>
        durable.PutAsync(StoredKind.Prestage, PrestageProgressKey.Of(job, instance), progress, StoredJson.Default.StoredProgress, cancellation);

    /// <summary>Deletes all of a job. Head first: parts without a head are nothing.</summary>
    public async Task<CacheError?> ForgetAsync(string job, CancellationToken cancellation)
    {
        if (await durable.DeleteAsync(StoredKind.Prestage, job, cancellation) is { } error) return error;
        foreach (var name in durable.Keys(StoredKind.Prestage, $"{job}/"))
        {
            if (await durable.DeleteAsync(StoredKind.Prestage, name, cancellation) is { } failed) return failed;
        }
        return null;
    }
}
