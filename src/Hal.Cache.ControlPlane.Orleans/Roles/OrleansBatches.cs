using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.ControlPlane.Orleans.Roles;

/// <summary>Batches, by the tree's grain, which knows what each has.</summary>
internal sealed class OrleansBatches(Func<IBatches> grain, GrainCalls calls) : IBatches
{
    public Task<Result<BatchInfo>> BeginAsync(string batch, BatchRequest request, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().BeginAsync(batch, request, cancellation), cancellation);

    public Task<Result<BatchInfo>> GetAsync(string batch, CancellationToken cancellation) => calls.CallAsync(() => grain().GetAsync(batch, cancellation), cancellation);

    public Task<Result<Page<BatchInfo>>> ListAsync(PageRequest page, CancellationToken cancellation) =>
        calls.CallAsync(() => grain().ListAsync(page, cancellation), cancellation);

    public Task<Result<BatchInfo>> EndAsync(string batch, CancellationToken cancellation) => calls.CallAsync(() => grain().EndAsync(batch, cancellation), cancellation);
}
