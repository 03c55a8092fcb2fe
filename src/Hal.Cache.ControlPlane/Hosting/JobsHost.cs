using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.ControlPlane.Scheduling;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Prestage jobs, in this process.</summary>
internal sealed class JobsHost(PlaneState state, DurableState durable) : IJobsHost
{
    private readonly Actor<JobTable> jobs = new(new JobTable());
    private readonly JobRecords records = new(durable);

    public int Running => jobs.Ask(j => j.Running);

    public IReadOnlyList<(string Job, string Batch)> InBatches =>
        jobs.Ask(all => all.Newest.Where(j => !j.HasEnded && j.Request.Batch is not null).Select(j => (j.Id, j.Request.Batch!)).ToArray());

    public bool IsWaiting(string instance) => jobs.Ask(j => j.IsWaiting(instance));

    public async Task<Result<PrestageInfo>> BeginAsync(string job, PrestageRequest request, PackedKeys keys, CancellationToken cancellation)
    {
        var made = new PrestageJob(job, request, keys, state.Now);
        if (await records.StoreAsync(made, cancellation) is { } error) return error;
        foreach (var forgotten in jobs.Ask(all => all.Add(made))) await ForgetAsync(forgotten, cancellation);
        return jobs.Ask<Result<PrestageInfo>>(_ => made.Describe());
    }

    public Result<PrestageInfo> Get(string job) => jobs.Ask<Result<PrestageInfo>>(all => all.Find(job) is { } found ? Described(found) : JobRules.Unknown(job));

    public Result<Page<PrestageInfo>> List(PageRequest page) => jobs.Ask(all => Paging.Of(all.Newest.Select(Described), j => j.Job, page, newestFirst: true));

    public Task<Result<PrestageInfo>> CancelAsync(string job, CancellationToken cancellation) => durable.ChangeAsync<PrestageInfo>(
        async () =>
        {
            if (jobs.Ask(all => all.Find(job)) is not { } found) return JobRules.Unknown(job);
            if (await ForgetAsync(found, cancellation) is { } error) return error;
            return jobs.Ask<Result<PrestageInfo>>(_ =>
            {
                found.Cancel(state.Now);
                return found.Describe();
            });
        },
        cancellation);

    public Task<Result<IReadOnlyList<PrestageWork>>> TakeAsync(CacheInstance instance, int keysMax, CancellationToken cancellation) => Task.FromResult(
        jobs.Ask<Result<IReadOnlyList<PrestageWork>>>(all =>
        {
            var work = new List<PrestageWork>();
            foreach (var job in all.For(instance.Name))
            {
                var keys = job.Take(instance.Name, keysMax, state.Now, key => IsHeld(instance, key));
                if (keys.Count == 0) continue;
                keysMax -= keys.Count;
                work.Add(job.Work(keys));
                if (keysMax == 0) break;
            }
            return work;
        }));

    public Task<Result<Done>> SettleAsync(PrestageProgress progress, CancellationToken cancellation) => Task.FromResult(jobs.Ask<Result<Done>>(all =>
    {
        if (all.Find(progress.Job) is not { } job) return JobRules.Unknown(progress.Job);
        job.Settle(progress, state.Now);
        return Done.Value;
    }));

    // What the store does not take now is tried again in the next round.
    public async Task KeepAsync(CancellationToken cancellation)
    {
        jobs.Tell(all => all.Expire(state.Now));
        foreach (var job in jobs.Ask(all => all.Newest.Where(j => j.HasEnded && !j.IsForgotten).ToArray())) await ForgetAsync(job, cancellation);
        foreach (var job in jobs.Ask(all => all.Newest.ToArray())) await SaveProgressAsync(job, cancellation);
    }

    public void Load(IReadOnlyList<StoredRecord> stored)
    {
        foreach (var job in JobRecords.Load(stored, state.Now)) jobs.Tell(all => all.Add(job));
    }

    private bool IsHeld(CacheInstance instance, CacheKey key)
    {
        var record = state.RecordOf(HashSlot.Of(key.Span));
        lock (record.Gate) return record.Content.CopyOf(record.Content.Find(key.Span, key.Database), instance.Number) != 0;
    }

    private PrestageInfo Described(PrestageJob job)
    {
        job.Expire(state.Now);
        return job.Describe();
    }

    // Now and then instead of with each report: what a crash loses of it is given out once more, and found to be there.
    private async Task SaveProgressAsync(PrestageJob job, CancellationToken cancellation)
    {
        foreach (var (instance, settled, failed) in jobs.Ask(_ => job.TakeProgress()))
        {
            if (await records.SaveAsync(job.Id, instance, new StoredProgress(settled, failed), cancellation) is not null)
                jobs.Tell(_ => job.ReturnProgress(instance));
        }
    }

    // An ended job need not outlive the control plane.
    private async Task<CacheError?> ForgetAsync(PrestageJob job, CancellationToken cancellation)
    {
        if (await records.ForgetAsync(job.Id, cancellation) is { } error) return error;
        job.IsForgotten = job.HasEnded;
        return null;
    }
}
