using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

internal sealed class HttpScheduling(PlaneCalls calls) : IScheduling
{
    private const string Manifests = "v1/scheduler/manifests";
    private const string Prestages = "v1/scheduler/prestage";
    private const string Pins = "v1/scheduler/pins";

    public Task<Result<AffinityReport>> AffinityAsync(AffinityRequest request, CancellationToken cancellation) =>
        calls.SendAsync(
            HttpMethod.Post, new PlaneAddress("v1/scheduler/affinity"), request, PlaneCalls.Json.AffinityRequest, PlaneCalls.Json.AffinityReport, cancellation);

    public Task<Result<ManifestInfo>> PutManifestAsync(string manifest, IReadOnlyList<CacheKey> keys, CancellationToken cancellation) =>
        calls.SendAsync(
            HttpMethod.Put, new PlaneAddress(Manifests).Segment(manifest), new KeySelection { Keys = keys }, PlaneCalls.Json.KeySelection, PlaneCalls.Json.ManifestInfo, cancellation);

    public Task<Result<ManifestInfo>> GetManifestAsync(string manifest, CancellationToken cancellation) =>
        calls.GetAsync(new PlaneAddress(Manifests).Segment(manifest), PlaneCalls.Json.ManifestInfo, cancellation);

    public Task<Result<Page<CacheKey>>> ListManifestKeysAsync(string manifest, PageRequest page, CancellationToken cancellation) =>
        calls.GetAsync(new PlaneAddress(Manifests).Segment(manifest).Path("keys").Page(page), PlaneCalls.Json.PageCacheKey, cancellation);

    public Task<Result<Done>> RemoveManifestAsync(string manifest, CancellationToken cancellation) =>
        calls.DeleteAsync(new PlaneAddress(Manifests).Segment(manifest), cancellation);

    public Task<Result<PrestageInfo>> PrestageAsync(PrestageRequest request, string? idempotencyKey, CancellationToken cancellation) =>
        calls.SendAsync(
            HttpMethod.Post, new PlaneAddress(Prestages), request, PlaneCalls.Json.PrestageRequest, PlaneCalls.Json.PrestageInfo, cancellation, idempotencyKey ?? NewKey());

    public Task<Result<PrestageInfo>> GetPrestageAsync(string job, CancellationToken cancellation) =>
        calls.GetAsync(new PlaneAddress(Prestages).Segment(job), PlaneCalls.Json.PrestageInfo, cancellation);

    public Task<Result<Page<PrestageInfo>>> ListPrestagesAsync(PageRequest page, CancellationToken cancellation) =>
        calls.GetAsync(new PlaneAddress(Prestages).Page(page), PlaneCalls.Json.PagePrestageInfo, cancellation);

    public Task<Result<PrestageInfo>> CancelPrestageAsync(string job, CancellationToken cancellation) =>
        calls.SendAsync(HttpMethod.Delete, new PlaneAddress(Prestages).Segment(job), PlaneCalls.Json.PrestageInfo, cancellation);

    public async Task<Result<IReadOnlyList<PrestageWork>>> TakePrestageWorkAsync(string instance, int keysMax, CancellationToken cancellation) =>
        PlaneCalls.Items(await calls.SendAsync(
            HttpMethod.Post, new PlaneAddress("v1/instances").Segment(instance).Path("prestage-work").Query("keysMax", keysMax), PlaneCalls.Json.PagePrestageWork, cancellation));

    public Task<Result<Done>> ReportPrestageAsync(PrestageProgress progress, CancellationToken cancellation) =>
        calls.DoAsync(
            HttpMethod.Post, new PlaneAddress(Prestages).Segment(progress.Job).Path("progress"), progress, PlaneCalls.Json.PrestageProgress, cancellation);

    public Task<Result<PinInfo>> PinAsync(PinRequest request, string? idempotencyKey, CancellationToken cancellation) =>
        calls.SendAsync(
            HttpMethod.Post, new PlaneAddress(Pins), request, PlaneCalls.Json.PinRequest, PlaneCalls.Json.PinInfo, cancellation, idempotencyKey ?? NewKey());

    public Task<Result<Done>> UnpinAsync(string pin, CancellationToken cancellation) => calls.DeleteAsync(new PlaneAddress(Pins).Segment(pin), cancellation);

    public Task<Result<Page<PinInfo>>> ListPinsAsync(string? instance, PageRequest page, CancellationToken cancellation) =>
        calls.GetAsync(new PlaneAddress(Pins).Query("instance", instance).Page(page), PlaneCalls.Json.PagePinInfo, cancellation);

    // Without a key of the caller's, the repeats of this one call must still make one thing.
    private static string NewKey() => Guid.NewGuid().ToString("n");
}
