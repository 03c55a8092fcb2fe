using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>One prestage job: its keys, and how far each instance is. Key: tree/job.</summary>
internal interface IPrestageJobGrain : IGrainWithStringKey
{
    /// <summary>Begins the job; a repeat changes nothing.</summary>
    Task<Result<PrestageInfo>> BeginAsync(PrestageRequest request, DateTimeOffset createdAt, CacheKey[] keys, CancellationToken cancellation);

    Task<Result<PrestageInfo>> DescribeAsync(CancellationToken cancellation);

    Task<Result<PrestageInfo>> CancelAsync(CancellationToken cancellation);

    /// <summary>The next keys for an instance.</summary>
    Task<Result<PrestageWork>> TakeAsync(string instance, int keysMax, CancellationToken cancellation);

    Task<Result<Done>> SettleAsync(PrestageProgress progress, CancellationToken cancellation);
}
