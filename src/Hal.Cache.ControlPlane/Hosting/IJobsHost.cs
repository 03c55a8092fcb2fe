using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Scheduling;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>The prestage jobs of a tree, wherever they are.</summary>
internal interface IJobsHost
{
    /// <summary>Jobs that have not ended.</summary>
    int Running { get; }

    /// <summary>Jobs that have not ended and belong to a batch.</summary>
    IReadOnlyList<(string Job, string Batch)> InBatches { get; }

    /// <summary>True where a job has work for the instance.</summary>
    bool IsWaiting(string instance);

    /// <summary>Begins a job that has been checked; only in the turn of durable changes.</summary>
    Task<Result<PrestageInfo>> BeginAsync(string job, PrestageRequest request, PackedKeys keys, CancellationToken cancellation);

    Result<PrestageInfo> Get(string job);

    Result<Page<PrestageInfo>> List(PageRequest page);

    Task<Result<PrestageInfo>> CancelAsync(string job, CancellationToken cancellation);

    Task<Result<IReadOnlyList<PrestageWork>>> TakeAsync(CacheInstance instance, int keysMax, CancellationToken cancellation);

    Task<Result<Done>> SettleAsync(PrestageProgress progress, CancellationToken cancellation);

    /// <summary>Ends what has come to its end, and saves what has changed; only in the turn of durable changes.</summary>
    Task KeepAsync(CancellationToken cancellation);

    /// <summary>Takes what was stored.</summary>
    void Load(IReadOnlyList<StoredRecord> records);
}
