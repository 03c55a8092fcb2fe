using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Records;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

/// <summary>Schedules: what there is, by the tree's grain; how far a prestage job is, by the job's own.</summary>
internal sealed class OrleansScheduling(Func<IScheduling> grain, JobCalls jobs, GrainCalls calls) : IScheduling
{
    public Task<Result<AffinityReport>> AffinityAsync(AffinityRequest request, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().AffinityAsync(request, cancellation), cancellation);

    public Task<Result<ManifestInfo>> PutManifestAsync(string manifest, IReadOnlyList<CacheKey> keys, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().PutManifestAsync(manifest, Packed.Keys(keys), cancellation), cancellation);

    public Task<Result<ManifestInfo>> GetManifestAsync(string manifest, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().GetManifestAsync(manifest, cancellation), cancellation);

    public Task<Result<Page<CacheKey>>> ListManifestKeysAsync(string manifest, PageRequest page, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().ListManifestKeysAsync(manifest, page, cancellation), cancellation);

    public Task<Result<Done>> RemoveManifestAsync(string manifest, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().RemoveManifestAsync(manifest, cancellation), cancellation);

    // A call may be made twice here, so one without a key of its caller's gets one, the same in each repeat.
    public Task<Result<PrestageInfo>> PrestageAsync(PrestageRequest request, string? idempotencyKey, CancellationToken cancellation)
    {
        var key = idempotencyKey ?? Guid.NewGuid().ToString("N");
        return calls.CallAsync(() => grain().PrestageAsync(request, key, cancellation), cancellation);
    }

    public async Task<Result<PrestageInfo>> GetPrestageAsync(string job, CancellationToken cancellation)
    {
        var found = await calls.CallAsync(() => grain().GetPrestageAsync(job, cancellation), cancellation);
        return found.IsOk ? await CompleteAsync(found.Value, cancellation) : found.Error;
    }

    public async Task<Result<Page<PrestageInfo>>> ListPrestagesAsync(PageRequest page, CancellationToken cancellation)
    {
        var found = await calls.CallAsync(() => grain().ListPrestagesAsync(page, cancellation), cancellation);
        if (!found.IsOk) return found.Error;
        return found.Value with { Items = await Task.WhenAll(found.Value.Items.Select(job => CompleteAsync(job, cancellation))) };
    }

    public Task<Result<PrestageInfo>> CancelPrestageAsync(string job, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().CancelPrestageAsync(job, cancellation), cancellation);

    public Task<Result<IReadOnlyList<PrestageWork>>> TakePrestageWorkAsync(string instance, int keysMax, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().TakePrestageWorkAsync(instance, keysMax, cancellation), cancellation);

    // A job's grain goes when it has ended; whether there was one, the tree knows.
    public async Task<Result<Done>> ReportPrestageAsync(PrestageProgress progress, CancellationToken cancellation)
    {
        var settled = await jobs.SettleAsync(progress, cancellation);
        return settled.Error?.Code == CacheErrorCode.NotFound
            ? await calls.CallAsync(() => grain().ReportPrestageAsync(progress, cancellation), cancellation)
            : settled;
    }

    public Task<Result<PinInfo>> PinAsync(PinRequest request, string? idempotencyKey, CancellationToken cancellation)
    {
        var key = idempotencyKey ?? Guid.NewGuid().ToString("N");
        return calls.CallAsync(() => grain().PinAsync(request, key, cancellation), cancellation);
    }

    public Task<Result<Done>> UnpinAsync(string pin, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().UnpinAsync(pin, cancellation), cancellation);

    public Task<Result<Page<PinInfo>>> ListPinsAsync(string? instance, PageRequest page, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().ListPinsAsync(instance, page, cancellation), cancellation);

    // A job whose grain does not answer is told as the tree knows it.
    private async Task<PrestageInfo> CompleteAsync(PrestageInfo job, CancellationToken cancellation)
    {
        if (job.EndedAt is not null) return job;
        var newest = await jobs.GetAsync(job.Job, cancellation);
        return newest.IsOk ? newest.Value : job;
    }
}
