using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Scheduling;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>
/// One prestage job that is a process's own, while the tree lists it: its keys and its progress, which the store has too. Not thread-safe: its host
/// serialises access.
/// </summary>
public sealed class PrestageJobHost : IDisposable
{
    private readonly string id;
    private readonly DurableState durable;
    private readonly JobRecords records;
    private readonly IContentIndex index;
    private readonly TimeProvider time;
    private PrestageJob? job;
    private (PrestageState State, int Settled)? told;

    /// <param name="id">The job's id.</param>
    /// <param name="store">Where it is kept; null: it ends with its process.</param>
    /// <param name="index">Tells which keys an instance has already.</param>
    /// <param name="time">The clock of deadlines.</param>
    public PrestageJobHost(string id, IControlPlaneStore? store, IContentIndex index, TimeProvider time)
    {
        (this.id, this.index, this.time) = (id, index, time);
        durable = new DurableState(store);
        records = new JobRecords(durable);
    }

    /// <summary>The tree does not know how it stands: it has begun, ended, or come to its end at an instance.</summary>
    public bool HasNews => job is not null && told != Standing(job.Describe());

    /// <summary>It is of no more use here: ended, which the tree knows, and not in the store any more; or it was never there.</summary>
    public bool IsOver => job is null || (job is { HasEnded: true, IsForgotten: true } && !HasNews);

    private DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Takes up a job that was stored, as far as it had come.</summary>
    public async Task<CacheError?> LoadAsync(CancellationToken cancellation)
    {
        var loaded = await durable.LoadAsync(StoredKind.Prestage, id, cancellation);
        if (!loaded.IsOk) return loaded.Error;
        try
        {
            job = JobRecords.Load(loaded.Value, Now).FirstOrDefault(j => j.Id == id);
            return null;
        }
        catch (JsonException damaged)
        {
            return new CacheError(CacheErrorCode.Corrupt, $"the stored prestage job '{id}' can't be read: {damaged.Message}");
        }
    }

    /// <summary>Begins the job, in the store first; a repeat changes nothing.</summary>
    public Task<Result<PrestageInfo>> BeginAsync(PrestageRequest request, DateTimeOffset createdAt, IReadOnlyList<CacheKey> keys, CancellationToken cancellation) =>
        durable.ChangeAsync<PrestageInfo>(
            async () =>
            {
                if (job is not null) return job.Describe();
                var made = new PrestageJob(id, request, new PackedKeys(keys), createdAt);
                if (await records.StoreAsync(made, cancellation) is { } error) return error;
                job = made;
                return job.Describe();
            },
            cancellation);

    public Result<PrestageInfo> Describe()
    {
        job?.Expire(Now);
        return job is null ? JobRules.Unknown(id) : job.Describe();
    }

    public Task<Result<PrestageInfo>> CancelAsync(CancellationToken cancellation) => durable.ChangeAsync<PrestageInfo>(
        async () =>
        {
            if (job is null) return JobRules.Unknown(id);
            if (await records.ForgetAsync(id, cancellation) is { } error) return error;
            job.Cancel(Now);
            job.IsForgotten = true;
            return job.Describe();
        },
        cancellation);

    /// <summary>The next keys for an instance; what it holds already can be asked only after it is taken, and is settled then.</summary>
    public async Task<Result<PrestageWork>> TakeAsync(string instance, int keysMax, CancellationToken cancellation)
    {
        if (job is null) return JobRules.Unknown(id);
        if (JobRules.CheckTake(keysMax) is { } wrong) return wrong;
        var work = new List<CacheKey>();
        while (work.Count < keysMax)
        {
            var taken = job.Take(instance, keysMax - work.Count, Now, _ => false);
            if (taken.Count == 0) break;
            var asked = await index.HeldAsync(instance, taken, cancellation);
            // Where that can't be told the instance finds out.
            var held = asked.IsOk ? asked.Value.ToHashSet() : [];
            if (held.Count > 0) job.Settle(new PrestageProgress { Job = id, Instance = instance, Done = [.. held] }, Now);
            work.AddRange(taken.Where(k => !held.Contains(k)));
        }
        return job.Work(work);
    }

    public Result<Done> Settle(PrestageProgress progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        if (job is null) return JobRules.Unknown(id);
        if (JobRules.Check(progress) is { } wrong) return wrong;
        job.Settle(progress, Now);
        return Done.Value;
    }

    /// <summary>Ends the job where its deadline has come, and saves what has changed; what the store does not take is tried again the next time.</summary>
    public async Task KeepAsync(CancellationToken cancellation)
    {
        if (job is not { } kept) return;
        kept.Expire(Now);
        await durable.ChangeAsync<Done>(
            async () =>
            {
                if (kept.HasEnded)
                {
                    kept.IsForgotten = kept.IsForgotten || await records.ForgetAsync(id, cancellation) is null;
                    return Done.Value;
                }
                foreach (var (instance, settled, failed) in kept.TakeProgress())
                {
                    if (await records.SaveAsync(id, instance, new StoredProgress(settled, failed), cancellation) is not null) kept.ReturnProgress(instance);
                }
                return Done.Value;
            },
            cancellation);
    }

    /// <summary>The tree knows the job as it was described.</summary>
    public void Tell(PrestageInfo described)
    {
        ArgumentNullException.ThrowIfNull(described);
        told = Standing(described);
    }

    public void Dispose() => durable.Dispose();

    private static (PrestageState State, int Settled) Standing(PrestageInfo job) => (job.State, job.Instances.Count(i => i.KeysLeft == 0));
}
