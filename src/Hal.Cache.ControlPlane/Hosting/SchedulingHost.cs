using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Scheduling;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>The scheduler's questions and wishes, in this process.</summary>
internal sealed class SchedulingHost : IScheduling
{
    private readonly PlaneState state;
    private readonly DurableState durable;
    private readonly IContentIndex? index;
    private readonly IdSource ids;
    private readonly IJobsHost jobs;
    private readonly Actor<BatchTable> batches;
    private readonly Actor<IdempotencyTable> made = new(new IdempotencyTable());
    private readonly ManifestTable manifests;
    private readonly SelectionResolver selections;
    private readonly PinsHost pins;

    public SchedulingHost(
        PlaneState state, DurableState durable, ContentHost content, IContentIndex? index, IJobsHost jobs, Actor<BatchTable> batches, IdSource ids)
    {
        (this.state, this.durable, this.index, this.jobs, this.batches, this.ids) = (state, durable, index, jobs, batches, ids);
        manifests = new ManifestTable(durable);
        selections = new SelectionResolver(content, index);
        pins = new PinsHost(state, durable, manifests, made, batches, ids, index);
    }

    public bool IsWaiting(string instance) => jobs.IsWaiting(instance);

    public async Task<Result<AffinityReport>> AffinityAsync(AffinityRequest request, CancellationToken cancellation)
    {
        var keys = await ResolveAsync(request.Selection, cancellation);
        if (!keys.IsOk) return keys.Error;
        if (index is null) return new AffinityAnswer(state).Answer(keys.Value, null, request);
        var sums = await index.SumAsync([.. keys.Value.All], cancellation);
        return sums.IsOk ? new AffinityAnswer(state).Answer(keys.Value, sums.Value, request) : sums.Error;
    }

    public Task<Result<ManifestInfo>> PutManifestAsync(string manifest, IReadOnlyList<CacheKey> keys, CancellationToken cancellation) =>
        ChangeManifestAsync(manifest, () => manifests.PutAsync(manifest, keys, state.Now, cancellation), cancellation);

    public Task<Result<ManifestInfo>> GetManifestAsync(string manifest, CancellationToken cancellation) => Task.FromResult(manifests.Get(manifest));

    public Task<Result<Done>> RemoveManifestAsync(string manifest, CancellationToken cancellation) =>
        ChangeManifestAsync(manifest, () => manifests.RemoveAsync(manifest, cancellation), cancellation);

    public Task<Result<Page<CacheKey>>> ListManifestKeysAsync(string manifest, PageRequest page, CancellationToken cancellation) =>
        Task.FromResult(manifests.Keys(manifest, page));

    public Task<Result<PrestageInfo>> PrestageAsync(PrestageRequest request, string? idempotencyKey, CancellationToken cancellation) =>
        durable.ChangeAsync(() => PrestageNowAsync(request, idempotencyKey, cancellation), cancellation);

    public Task<Result<PrestageInfo>> GetPrestageAsync(string job, CancellationToken cancellation) => Task.FromResult(jobs.Get(job));

    public Task<Result<Page<PrestageInfo>>> ListPrestagesAsync(PageRequest page, CancellationToken cancellation) => Task.FromResult(jobs.List(page));

    public Task<Result<PrestageInfo>> CancelPrestageAsync(string job, CancellationToken cancellation) => jobs.CancelAsync(job, cancellation);

    public async Task<Result<IReadOnlyList<PrestageWork>>> TakePrestageWorkAsync(string instance, int keysMax, CancellationToken cancellation)
    {
        if (JobRules.CheckTake(keysMax) is { } wrong) return wrong;
        var found = state.Present(instance);
        return found.IsOk ? await jobs.TakeAsync(found.Value, keysMax, cancellation) : found.Error;
    }

    public async Task<Result<Done>> ReportPrestageAsync(PrestageProgress progress, CancellationToken cancellation) =>
        JobRules.Check(progress) is { } wrong ? wrong : await jobs.SettleAsync(progress, cancellation);

    public Task<Result<PinInfo>> PinAsync(PinRequest request, string? idempotencyKey, CancellationToken cancellation) =>
        pins.PinAsync(request, idempotencyKey, selection => ResolveAsync(selection, cancellation), cancellation);

    public Task<Result<Done>> UnpinAsync(string pin, CancellationToken cancellation) => pins.UnpinAsync(pin, cancellation);

    public Task<Result<Page<PinInfo>>> ListPinsAsync(string? instance, PageRequest page, CancellationToken cancellation) => Task.FromResult(pins.List(instance, page));

    /// <summary>Ends what has come to its end.</summary>
    public async Task ExpireAsync(CancellationToken cancellation) => await durable.ChangeAsync<Done>(
        async () =>
        {
            // What the store does not take now is tried again in the next round.
            await pins.ExpireAsync(cancellation);
            await jobs.KeepAsync(cancellation);
            return Done.Value;
        },
        cancellation);

    /// <summary>Batches that have jobs or pins, and how many.</summary>
    public IReadOnlyDictionary<string, (int Prestages, int Pins)> BatchContents()
    {
        var all = jobs.InBatches.Select(j => (j.Batch, IsJob: true)).Concat(pins.InBatches.Select(p => (p.Batch, IsJob: false)));
        return all.GroupBy(i => i.Batch, StringComparer.Ordinal).ToDictionary(g => g.Key, g => (g.Count(i => i.IsJob), g.Count(i => !i.IsJob)), StringComparer.Ordinal);
    }

    /// <summary>Cancels the jobs of a batch and takes back its pins; goes on past what fails, and answers the last such error.</summary>
    public async Task<CacheError?> EndBatchAsync(string batch, CancellationToken cancellation)
    {
        CacheError? failed = null;
        foreach (var (job, _) in jobs.InBatches.Where(j => j.Batch == batch))
        {
            if (await jobs.CancelAsync(job, cancellation) is { Error: { Code: not CacheErrorCode.NotFound } error }) failed = error;
        }
        foreach (var (pin, _) in pins.InBatches.Where(p => p.Batch == batch))
        {
            if (await pins.UnpinAsync(pin, cancellation) is { Error: { } error }) failed = error;
        }
        return failed;
    }

    /// <summary>Takes what was stored; what can't be read is left out and named.</summary>
    public void Load(IReadOnlyList<StoredRecord> records)
    {
        manifests.Load(records);
        pins.Load(records);
        jobs.Load(records);
        foreach (var (job, _, _) in JobRecords.Heads(records).OrderBy(h => h.Job, StringComparer.Ordinal))
        {
            if (jobs.Get(job).IsOk) made.Tell(m => m.Remember(IdempotencyMark.OfId(job), job));
        }
    }

    private async Task<Result<T>> ChangeManifestAsync<T>(string manifest, Func<Task<Result<T>>> change, CancellationToken cancellation)
    {
        var changed = await durable.ChangeAsync(change, cancellation);
        if (changed.IsOk) pins.ManifestChanged(manifest);
        return changed;
    }

    private async Task<Result<PrestageInfo>> PrestageNowAsync(PrestageRequest request, string? idempotencyKey, CancellationToken cancellation)
    {
        var print = JsonSerializer.Serialize(request, StoredJson.Default.PrestageRequest);
        var mark = IdempotencyMark.Of(idempotencyKey, print);
        if (!mark.IsOk) return mark.Error;
        var before = made.Ask(m => m.Find(mark.Value));
        if (!before.IsOk) return before.Error;
        if (before.Value is { } id) return await GetPrestageAsync(id, cancellation);
        if (CheckPrestage(request) is { } wrong) return wrong;
        var keys = await ResolveAsync(request.Selection, cancellation);
        if (!keys.IsOk) return keys.Error;

        var job = made.Ask(m => m.Try(mark.Value, () => ids.Next("prestage", state.Now, mark.Value?.Tail)));
        // One of whose beginning no answer came may have told of itself since, and be through.
        var told = jobs.Get(job);
        var begun = told.IsOk ? told : await jobs.BeginAsync(job, request with { Selection = new KeySelection() }, keys.Value, cancellation);
        if (begun.IsOk) made.Tell(m => m.Remember(mark.Value, begun.Value.Job));
        return begun;
    }

    private CacheError? CheckPrestage(PrestageRequest request)
    {
        if (request.Instances.Count is < 1 or > ControlPlaneLimits.PrestageInstancesMax)
            return Invalid($"a job has 1 to {ControlPlaneLimits.PrestageInstancesMax} instances (PrestageInstancesMax); this one has {request.Instances.Count}");
        if (request.Instances.FirstOrDefault(i => state.Registry.Find(i) is null) is { } unknown) return InstanceRegistry.Unknown(unknown);
        if (request.Priority is < 0 or > 100) return Invalid($"priority is {request.Priority}; it must be from 0 to 100");
        if (request.BandwidthBytesPerSecond <= 0) return Invalid($"bandwidthBytesPerSecond is {request.BandwidthBytesPerSecond}; it must be above 0");
        if (batches.Ask(b => b.Refusal(request.Batch, state.Now)) is { } over) return over;
        if (request.Deadline <= state.Now) return Invalid($"deadline is {request.Deadline:O}, which has passed");
        return jobs.Running >= ControlPlaneLimits.PrestagesMax
            ? new CacheError(CacheErrorCode.Busy, $"there are {ControlPlaneLimits.PrestagesMax} jobs that have not ended, which is the limit (PrestagesMax)")
            : null;
    }

    private async Task<Result<PackedKeys>> ResolveAsync(KeySelection selection, CancellationToken cancellation)
    {
        PackedKeys? manifest = null;
        if (selection.Manifest is { } name && (manifest = manifests.Find(name)) is null) return ManifestTable.Unknown(name);
        return await selections.ResolveAsync(selection, manifest, cancellation);
    }

    private static CacheError Invalid(string message) => new(CacheErrorCode.Invalid, message);
}
