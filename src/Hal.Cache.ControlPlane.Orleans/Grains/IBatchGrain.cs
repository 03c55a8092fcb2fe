using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Grains;

/// <summary>One batch's record, and what wakes it when its end has come. Key: tree/batch.</summary>
internal interface IBatchGrain : IGrainWithStringKey
{
    /// <summary>Begins the batch, or gives it another end where it runs.</summary>
    Task<Result<BatchInfo>> BeginAsync(BatchRequest request, CancellationToken cancellation);

    /// <summary>Begins its end; a repeat changes nothing.</summary>
    Task<Result<BatchInfo>> CloseAsync(CancellationToken cancellation);

    /// <summary>Ends it, since nothing is left of what it had; a repeat changes nothing.</summary>
    Task<Result<BatchInfo>> FinishAsync(CancellationToken cancellation);

    Task<Result<Done>> ForgetAsync(CancellationToken cancellation);
}
