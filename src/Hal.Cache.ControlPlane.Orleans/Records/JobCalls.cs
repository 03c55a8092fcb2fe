using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>Asks the prestage jobs of a tree, each by its own grain.</summary>
internal sealed class JobCalls(Func<IGrainFactory> grains, string tree, GrainCalls calls) : IPrestageJobs
{
    public Task<Result<PrestageInfo>> BeginAsync(
        string job, PrestageRequest request, DateTimeOffset createdAt, IReadOnlyList<CacheKey> keys, CancellationToken cancellation) =>
        calls.CallAsync(() => Grain(job).BeginAsync(request, createdAt, Packed.Keys(keys), cancellation), cancellation);

    public Task<Result<PrestageInfo>> GetAsync(string job, CancellationToken cancellation) => calls.CallAsync(() => Grain(job).DescribeAsync(cancellation), cancellation);

    public Task<Result<PrestageInfo>> CancelAsync(string job, CancellationToken cancellation) =>
        calls.CallAsync(() => Grain(job).CancelAsync(cancellation), cancellation);

    public Task<Result<PrestageWork>> TakeAsync(string job, string instance, int keysMax, CancellationToken cancellation) =>
        calls.CallAsync(() => Grain(job).TakeAsync(instance, keysMax, cancellation), cancellation);

    public Task<Result<Done>> SettleAsync(PrestageProgress progress, CancellationToken cancellation) =>
        calls.CallAsync(() => Grain(progress.Job).SettleAsync(progress, cancellation), cancellation);

    private IPrestageJobGrain Grain(string job) => grains().GetGrain<IPrestageJobGrain>(TreeKey.Of(tree, job));
}
