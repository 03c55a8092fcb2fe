using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Scheduling;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Prestage jobs that are processes of their own: here is who has work for whom, as they last told.</summary>
internal sealed class ShardedJobs(PlaneState state, IPrestageJobs shards) : IJobsHost
{
    private readonly Actor<JobDirectory> jobs = new(new JobDirectory());

    public int Running => jobs.Ask(j => j.Running);

    public IReadOnlyList<(string Job, string Batch)> InBatches =>
        jobs.Ask(all => all.Newest.Where(j => j.EndedAt is null && j.Batch is not null).Select(j => (j.Job, j.Batch!)).ToArray());

    public bool IsWaiting(string instance) => jobs.Ask(j => j.IsWaiting(instance, state.Now));

    /// <summary>Takes what a job tells of itself.</summary>
    public void Take(PrestageInfo job) => jobs.Tell(all => all.Set(job));

    public async Task<Result<PrestageInfo>> BeginAsync(string job, PrestageRequest request, PackedKeys keys, CancellationToken cancellation) =>
        Learn(job, await shards.BeginAsync(job, request, state.Now, [.. keys.All], cancellation));

    public Result<PrestageInfo> Get(string job) => jobs.Ask<Result<PrestageInfo>>(all => all.Find(job) is { } found ? found : JobRules.Unknown(job));

    public Result<Page<PrestageInfo>> List(PageRequest page) => jobs.Ask(all => Paging.Of(all.Newest, j => j.Job, page, newestFirst: true));

    public async Task<Result<PrestageInfo>> CancelAsync(string job, CancellationToken cancellation)
    {
        var known = Get(job);
        if (!known.IsOk || known.Value.EndedAt is not null) return known;
        return Learn(job, await shards.CancelAsync(job, cancellation));
    }

    public async Task<Result<IReadOnlyList<PrestageWork>>> TakeAsync(CacheInstance instance, int keysMax, CancellationToken cancellation)
    {
        var work = new List<PrestageWork>();
        foreach (var job in jobs.Ask(all => all.For(instance.Name, state.Now)))
        {
            var taken = await shards.TakeAsync(job.Job, instance.Name, keysMax, cancellation);
            if (taken is { IsOk: true, Value.Keys.Count: > 0 and var keys })
            {
                keysMax -= keys;
                work.Add(taken.Value);
                if (keysMax == 0) break;
                continue;
            }
            // What the directory says of it is not so, or not any more.
            Learn(job.Job, taken.IsOk ? await shards.GetAsync(job.Job, cancellation) : taken.Error);
        }
        return work;
    }

    public async Task<Result<Done>> SettleAsync(PrestageProgress progress, CancellationToken cancellation)
    {
        var settled = await shards.SettleAsync(progress, cancellation);
        return settled.Error?.Code == CacheErrorCode.NotFound && Get(progress.Job).IsOk ? Done.Value : settled;
    }

    public Task KeepAsync(CancellationToken cancellation)
    {
        jobs.Tell(all => all.Expire(state.Now));
        return Task.CompletedTask;
    }

    // Each job's own process knows how far it is; until it tells, it has work for all.
    public void Load(IReadOnlyList<StoredRecord> records)
    {
        foreach (var (job, head, _) in JobRecords.Heads(records))
        {
            var keys = head.Keys ?? 1;
            Take(new PrestageInfo
            {
                Job = job,
                State = PrestageState.Waiting,
                Priority = head.Request.Priority ?? PrestageRequest.PriorityNormal,
                CreatedAt = head.CreatedAt,
                Deadline = head.Request.Deadline,
                BandwidthBytesPerSecond = head.Request.BandwidthBytesPerSecond,
                Batch = head.Request.Batch,
                CopiesTotal = (long)keys * head.Request.Instances.Count,
                CopiesDone = 0,
                CopiesFailed = 0,
                Instances = [.. head.Request.Instances.Distinct(StringComparer.Ordinal).Select(i => new PrestageInstanceInfo(i, 0, 0, keys))],
            });
        }
    }

    private Result<PrestageInfo> Learn(string job, Result<PrestageInfo> told)
    {
        if (told.IsOk) Take(told.Value);
        else if (told.Error.Code == CacheErrorCode.NotFound) jobs.Tell(all => all.Remove(job));
        return told;
    }
}
