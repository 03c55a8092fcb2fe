using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

internal sealed class OrleansScheduling(Func<IScheduling> grain, GrainCalls calls) : IScheduling
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

    public Task<Result<PrestageInfo>> GetPrestageAsync(string job, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().GetPrestageAsync(job, cancellation), cancellation);

    public Task<Result<Page<PrestageInfo>>> ListPrestagesAsync(PageRequest page, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().ListPrestagesAsync(page, cancellation), cancellation);

    public Task<Result<PrestageInfo>> CancelPrestageAsync(string job, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().CancelPrestageAsync(job, cancellation), cancellation);

    public Task<Result<IReadOnlyList<PrestageWork>>> TakePrestageWorkAsync(string instance, int keysMax, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().TakePrestageWorkAsync(instance, keysMax, cancellation), cancellation);

    public Task<Result<Done>> ReportPrestageAsync(PrestageProgress progress, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().ReportPrestageAsync(progress, cancellation), cancellation);

    public Task<Result<PinInfo>> PinAsync(PinRequest request, string? idempotencyKey, CancellationToken cancellation)
    {
        var key = idempotencyKey ?? Guid.NewGuid().ToString("N");
        return calls.CallAsync(() => grain().PinAsync(request, key, cancellation), cancellation);
    }

    public Task<Result<Done>> UnpinAsync(string pin, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().UnpinAsync(pin, cancellation), cancellation);

    public Task<Result<Page<PinInfo>>> ListPinsAsync(string? instance, PageRequest page, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().ListPinsAsync(instance, page, cancellation), cancellation);
}
