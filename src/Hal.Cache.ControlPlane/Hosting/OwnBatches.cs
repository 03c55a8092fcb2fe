using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Batches' records in this process; only in the turn of durable changes.</summary>
internal sealed class OwnBatches(IControlPlaneStore? store, TimeProvider time) : IBatchRecords, IDisposable
{
    private readonly Dictionary<string, BatchHost> hosts = new(StringComparer.Ordinal);

    public Task<Result<BatchInfo>> BeginAsync(string batch, BatchRequest request, CancellationToken cancellation) =>
        AskAsync(batch, host => host.BeginAsync(request, cancellation), cancellation);

    public Task<Result<BatchInfo>> CloseAsync(string batch, CancellationToken cancellation) => AskAsync(batch, host => host.CloseAsync(cancellation), cancellation);

    public Task<Result<BatchInfo>> FinishAsync(string batch, CancellationToken cancellation) => AskAsync(batch, host => host.FinishAsync(cancellation), cancellation);

    public Task<Result<Done>> ForgetAsync(string batch, CancellationToken cancellation) => AskAsync(batch, host => host.ForgetAsync(cancellation), cancellation);

    public void Dispose()
    {
        foreach (var host in hosts.Values) host.Dispose();
    }

    private async Task<Result<T>> AskAsync<T>(string batch, Func<BatchHost, Task<Result<T>>> call, CancellationToken cancellation)
    {
        if (!hosts.TryGetValue(batch, out var host))
        {
            host = new BatchHost(batch, store, time);
            if (await host.LoadAsync(cancellation) is { } error)
            {
                host.Dispose();
                return error;
            }
            hosts.Add(batch, host);
        }
        var answer = await call(host);
        // What has ended changes no more, and the tree has it.
        if (!host.IsOver) return answer;
        hosts.Remove(batch);
        host.Dispose();
        return answer;
    }
}
