using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Scheduling;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>
/// The batches of a tree. An end is stored before anything is ended, so that nothing joins meanwhile and whoever finds it half done goes on.
/// </summary>
internal sealed class BatchesHost(PlaneState state, DurableState durable, Actor<BatchTable> batches, IBatchRecords records, SchedulingHost scheduling) : IBatches
{
    public Task<Result<BatchInfo>> BeginAsync(string batch, BatchRequest request, CancellationToken cancellation) => durable.ChangeAsync<BatchInfo>(
        async () =>
        {
            if (Check(batch, request) is { } wrong) return wrong;
            return Described(await LearnAsync(await records.BeginAsync(batch, request, cancellation), cancellation));
        },
        cancellation);

    public Task<Result<BatchInfo>> GetAsync(string batch, CancellationToken cancellation) =>
        Task.FromResult(Described(batches.Ask<Result<BatchInfo>>(b => b.Find(batch) is { } found ? found : BatchTable.Unknown(batch))));

    public Task<Result<Page<BatchInfo>>> ListAsync(PageRequest page, CancellationToken cancellation)
    {
        var found = batches.Ask(b => Paging.Of(b.All, i => i.Batch, page));
        return Task.FromResult<Result<Page<BatchInfo>>>(found.IsOk ? found.Value with { Items = Described(found.Value.Items) } : found.Error);
    }

    public async Task<Result<BatchInfo>> EndAsync(string batch, CancellationToken cancellation)
    {
        var closed = await durable.ChangeAsync<BatchInfo>(
            async () =>
            {
                if (batches.Ask(b => b.Find(batch)) is not { } known) return BatchTable.Unknown(batch);
                return known.State == BatchState.Running ? await LearnAsync(await records.CloseAsync(batch, cancellation), cancellation) : known;
            },
            cancellation);
        if (!closed.IsOk) return closed.Error;
        if (closed.Value.State == BatchState.Ended) return Described(closed);
        if (await scheduling.EndBatchAsync(batch, cancellation) is { } error) return error;
        return Described(await durable.ChangeAsync<BatchInfo>(
            async () => batches.Ask(b => b.Find(batch)) is { State: BatchState.Ended } ended ? ended : await LearnAsync(await records.FinishAsync(batch, cancellation), cancellation),
            cancellation));
    }

    /// <summary>Ends what has come to its end, and what had not ended with its batch; what can't be done now is tried again in the next round.</summary>
    public async Task ExpireAsync(CancellationToken cancellation)
    {
        foreach (var batch in batches.Ask(b => b.Due(state.Now))) await EndAsync(batch, cancellation);
        // A job whose beginning was told late, as where its process was away.
        var left = scheduling.BatchContents().Keys;
        foreach (var batch in batches.Ask(b => left.Where(b.HasEnded).ToArray())) await scheduling.EndBatchAsync(batch, cancellation);
    }

    public void Load(IReadOnlyList<StoredRecord> stored)
    {
        foreach (var record in stored.Where(r => r.Kind == StoredKind.Batch))
        {
            if (JsonSerializer.Deserialize(record.Value.Span, StoredJson.Default.StoredBatch) is { } batch) batches.Tell(b => b.Set(batch.Describe(record.Key)));
        }
    }

    private CacheError? Check(string batch, BatchRequest request)
    {
        if (!Names.IsValid(batch)) return Names.Invalid("batch's name", batch);
        if (request.EndsAt <= state.Now) return new CacheError(CacheErrorCode.Invalid, $"endsAt is {request.EndsAt:O}, which has passed");
        return batches.Ask(b => b.Find(batch) is not null ? b.Refusal(batch, state.Now)
            : b.Open >= ControlPlaneLimits.BatchesMax
                ? new CacheError(CacheErrorCode.Busy, $"there are {ControlPlaneLimits.BatchesMax} batches that have not ended, which is the limit (BatchesMax)")
                : null);
    }

    private async Task<Result<BatchInfo>> LearnAsync(Result<BatchInfo> told, CancellationToken cancellation)
    {
        if (!told.IsOk) return told.Error;
        // What can't be deleted now comes back when the control plane is started, and is pushed out again.
        foreach (var forgotten in batches.Ask(b => b.Set(told.Value))) await records.ForgetAsync(forgotten, cancellation);
        return told;
    }

    private Result<BatchInfo> Described(Result<BatchInfo> batch) => batch.IsOk ? Described([batch.Value])[0] : batch.Error;

    private IReadOnlyList<BatchInfo> Described(IReadOnlyList<BatchInfo> some)
    {
        var contents = scheduling.BatchContents();
        return [.. some.Select(b => contents.TryGetValue(b.Batch, out var has) ? b with { Prestages = has.Prestages, Pins = has.Pins } : b)];
    }
}
