using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Client.Http;

internal sealed class HttpBatches(PlaneCalls calls) : IBatches
{
    private const string Batches = "v1/batches";

    public Task<Result<BatchInfo>> BeginAsync(string batch, BatchRequest request, CancellationToken cancellation) =>
        calls.SendAsync(HttpMethod.Put, new PlaneAddress(Batches).Segment(batch), request, PlaneCalls.Json.BatchRequest, PlaneCalls.Json.BatchInfo, cancellation);

    public Task<Result<BatchInfo>> GetAsync(string batch, CancellationToken cancellation) =>
        calls.GetAsync(new PlaneAddress(Batches).Segment(batch), PlaneCalls.Json.BatchInfo, cancellation);

    public Task<Result<Page<BatchInfo>>> ListAsync(PageRequest page, CancellationToken cancellation) =>
        calls.GetAsync(new PlaneAddress(Batches).Page(page), PlaneCalls.Json.PageBatchInfo, cancellation);

    public Task<Result<BatchInfo>> EndAsync(string batch, CancellationToken cancellation) =>
        calls.SendAsync(HttpMethod.Delete, new PlaneAddress(Batches).Segment(batch), PlaneCalls.Json.BatchInfo, cancellation);
}
