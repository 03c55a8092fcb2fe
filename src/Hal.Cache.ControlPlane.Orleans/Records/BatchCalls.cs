using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Orleans.Grains;
using Hal.Cache.ControlPlane.Orleans.Roles;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Orleans.Records;

/// <summary>Asks the batches of a tree, each by its own grain.</summary>
internal sealed class BatchCalls(Func<string, IBatchGrain> grain, GrainCalls calls) : IBatchRecords
{
    public Task<Result<BatchInfo>> BeginAsync(string batch, BatchRequest request, CancellationToken cancellation) =>
        calls.CallAsync(() => grain(batch).BeginAsync(request, cancellation), cancellation);

    public Task<Result<BatchInfo>> CloseAsync(string batch, CancellationToken cancellation) => calls.CallAsync(() => grain(batch).CloseAsync(cancellation), cancellation);

    public Task<Result<BatchInfo>> FinishAsync(string batch, CancellationToken cancellation) => calls.CallAsync(() => grain(batch).FinishAsync(cancellation), cancellation);

    public Task<Result<Done>> ForgetAsync(string batch, CancellationToken cancellation) => calls.CallAsync(() => grain(batch).ForgetAsync(cancellation), cancellation);
}
