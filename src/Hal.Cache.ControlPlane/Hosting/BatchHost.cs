using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Scheduling;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>One batch's record, in the store first: running, ending, ended. The host that has it must not be asked before it is loaded.</summary>
public sealed class BatchHost : IDisposable
{
    private readonly string name;
    private readonly DurableState durable;
    private readonly TimeProvider time;
    private volatile StoredBatch? batch;

    /// <param name="name">The batch's name.</param>
    /// <param name="store">Where it is kept; null: it ends with its process.</param>
    /// <param name="time">The clock of ends.</param>
    public BatchHost(string name, IControlPlaneStore? store, TimeProvider time)
    {
        (this.name, this.time) = (name, time);
        durable = new DurableState(store);
    }

    /// <summary>How long until its end begins by itself; zero where that is due, null where it never is.</summary>
    public TimeSpan? UntilEnd => batch switch
    {
        { State: BatchState.Running, EndsAt: { } at } => at > Now ? at - Now : TimeSpan.Zero,
        { State: BatchState.Ending } => TimeSpan.Zero,
        _ => null,
    };

    /// <summary>There is none, or it has ended.</summary>
    public bool IsOver => batch is null or { State: BatchState.Ended };

    private DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Takes up a batch that was stored.</summary>
    public async Task<CacheError?> LoadAsync(CancellationToken cancellation)
    {
        var loaded = await durable.LoadAsync(StoredKind.Batch, name, cancellation);
        if (!loaded.IsOk) return loaded.Error;
        try
        {
            batch = loaded.Value.FirstOrDefault(r => r.Key == name) is { } record ? JsonSerializer.Deserialize(record.Value.Span, StoredJson.Default.StoredBatch) : null;
            return null;
        }
        catch (JsonException damaged)
        {
            return new CacheError(CacheErrorCode.Corrupt, $"the stored batch '{name}' can't be read: {damaged.Message}");
        }
    }

    public Task<Result<BatchInfo>> BeginAsync(BatchRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        return ChangeAsync(
            was => was switch
            {
                null => new StoredBatch(BatchState.Running, Now, request.EndsAt, null),
                { State: BatchState.Running } => was with { EndsAt = request.EndsAt },
                _ => BatchTable.Over(name),
            },
            cancellation);
    }

    public Task<Result<BatchInfo>> CloseAsync(CancellationToken cancellation) => ChangeAsync(
        was => was switch
        {
            null => BatchTable.Unknown(name),
            { State: BatchState.Running } => was with { State = BatchState.Ending },
            _ => was,
        },
        cancellation);

    public Task<Result<BatchInfo>> FinishAsync(CancellationToken cancellation) => ChangeAsync(
        was => was switch
        {
            null => BatchTable.Unknown(name),
            { State: BatchState.Ended } => was,
            _ => was with { State = BatchState.Ended, EndedAt = Now },
        },
        cancellation);

    public Task<Result<Done>> ForgetAsync(CancellationToken cancellation) => durable.ChangeAsync<Done>(
        async () =>
        {
            if (await durable.DeleteAsync(StoredKind.Batch, name, cancellation) is { } error) return error;
            batch = null;
            return Done.Value;
        },
        cancellation);

    public void Dispose() => durable.Dispose();

    private Task<Result<BatchInfo>> ChangeAsync(Func<StoredBatch?, Result<StoredBatch>> change, CancellationToken cancellation) => durable.ChangeAsync<BatchInfo>(
        async () =>
        {
            var next = change(batch);
            if (!next.IsOk) return next.Error;
            if (next.Value != batch && await durable.PutAsync(StoredKind.Batch, name, next.Value, StoredJson.Default.StoredBatch, cancellation) is { } error) return error;
            batch = next.Value;
            return next.Value.Describe(name);
        },
        cancellation);
}
