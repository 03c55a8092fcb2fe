using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Sharding;

/// <summary>The records of a tree's batches, each by itself; what a batch has, and its number, the tree knows.</summary>
public interface IBatchRecords
{
    /// <summary>Begins a batch, or gives one that runs another end. Conflict: it does not run any more.</summary>
    Task<Result<BatchInfo>> BeginAsync(string batch, BatchRequest request, CancellationToken cancellation);

    /// <summary>Begins the end of a batch that runs; a repeat changes nothing.</summary>
    Task<Result<BatchInfo>> CloseAsync(string batch, CancellationToken cancellation);

    /// <summary>Ends a batch, of which nothing is left; a repeat changes nothing.</summary>
    Task<Result<BatchInfo>> FinishAsync(string batch, CancellationToken cancellation);

    /// <summary>Deletes the record.</summary>
    Task<Result<Done>> ForgetAsync(string batch, CancellationToken cancellation);
}
