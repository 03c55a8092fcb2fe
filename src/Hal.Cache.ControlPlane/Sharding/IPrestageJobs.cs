using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>The prestage jobs of a tree where they are not in the process that asks, each one's keys and progress by itself.</summary>
public interface IPrestageJobs
{
    /// <summary>Begins a job, or answers how far one that has begun is.</summary>
    Task<Result<PrestageInfo>> BeginAsync(string job, PrestageRequest request, DateTimeOffset createdAt, IReadOnlyList<CacheKey> keys, CancellationToken cancellation);

    /// <summary>NotFound where the job has ended long ago, or is lost.</summary>
    Task<Result<PrestageInfo>> GetAsync(string job, CancellationToken cancellation);

    Task<Result<PrestageInfo>> CancelAsync(string job, CancellationToken cancellation);

    /// <summary>The next keys for an instance; none where the job has none for it.</summary>
    Task<Result<PrestageWork>> TakeAsync(string job, string instance, int keysMax, CancellationToken cancellation);

    Task<Result<Done>> SettleAsync(PrestageProgress progress, CancellationToken cancellation);
}
