using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;
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
    private readonly Actor<JobTable> jobs = new(new JobTable());
    private readonly Actor<IdempotencyTable> made = new(new IdempotencyTable());
    private readonly ManifestTable manifests;
    private readonly SelectionResolver selections;
    private readonly PinsHost pins;

    public SchedulingHost(PlaneState state, DurableState durable, ContentHost content, IContentIndex? index, IdSource ids)
    {
        (this.state, this.durable, this.index, this.ids) = (state, durable, index, ids);
        manifests = new ManifestTable(durable);
        selections = new SelectionResolver(content, index);
        pins = new PinsHost(state, durable, manifests, made, ids, index);
    }

    public bool IsWaiting(string instance) => jobs.Ask(j => j.IsWaiting(instance));

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

    public Task<Result<PrestageInfo>> GetPrestageAsync(string job, CancellationToken cancellation) =>
        Task.FromResult(jobs.Ask<Result<PrestageInfo>>(all => all.Find(job) is { } found ? Described(found) : NoJob(job)));

    public Task<Result<Page<PrestageInfo>>> ListPrestagesAsync(PageRequest page, CancellationToken cancellation) =>
        Task.FromResult(jobs.Ask(all => Paging.Of(all.Newest.Select(Described), j => j.Job, page, newestFirst: true)));

    public Task<Result<PrestageInfo>> CancelPrestageAsync(string job, CancellationToken cancellation) => durable.ChangeAsync<PrestageInfo>(
        async () =>
        {
            if (jobs.Ask(all => all.Find(job)) is not { } found) return NoJob(job);
            if (await ForgetAsync(found, cancellation) is { } error) return error;
            return jobs.Ask<Result<PrestageInfo>>(_ =>
            {
                found.Cancel(state.Now);
                return found.Describe();
            });
        },
        cancellation);

    public Task<Result<IReadOnlyList<PrestageWork>>> TakePrestageWorkAsync(string instance, int keysMax, CancellationToken cancellation)
    {
        if (keysMax is < 1 or > ControlPlaneLimits.PrestageTakeMax)
        {
            return Task.FromResult<Result<IReadOnlyList<PrestageWork>>>(new CacheError(
                CacheErrorCode.Invalid, $"keysMax is {keysMax}; it must be from 1 to {ControlPlaneLimits.PrestageTakeMax} (PrestageTakeMax)"));
        }
        var found = state.Present(instance);
        if (!found.IsOk) return Task.FromResult<Result<IReadOnlyList<PrestageWork>>>(found.Error);
        return index is null
            ? Task.FromResult(jobs.Ask(all => TakeWork(all, found.Value, keysMax, key => IsHeld(found.Value, key))))
            : TakeUnheldAsync(index, found.Value, keysMax, cancellation);
    }

    public Task<Result<Done>> ReportPrestageAsync(PrestageProgress progress, CancellationToken cancellation)
    {
        if (progress.Done.Count + progress.Failed.Count > ControlPlaneLimits.KeysMax)
            return Task.FromResult<Result<Done>>(new CacheError(CacheErrorCode.Invalid, $"progress tells of at most {ControlPlaneLimits.KeysMax} keys (KeysMax)"));
        return Task.FromResult(jobs.Ask<Result<Done>>(all =>
        {
            if (all.Find(progress.Job) is not { } job) return NoJob(progress.Job);
            job.Settle(progress, state.Now);
            return Done.Value;
        }));
    }

    public Task<Result<PinInfo>> PinAsync(PinRequest request, string? idempotencyKey, CancellationToken cancellation) =>
        pins.PinAsync(request, idempotencyKey, selection => ResolveAsync(selection, cancellation), cancellation);

    public Task<Result<Done>> UnpinAsync(string pin, CancellationToken cancellation) => pins.UnpinAsync(pin, cancellation);

    public Task<Result<Page<PinInfo>>> ListPinsAsync(string? instance, PageRequest page, CancellationToken cancellation) => Task.FromResult(pins.List(instance, page));

    /// <summary>Ends what has come to its end.</summary>
    public async Task ExpireAsync(CancellationToken cancellation)
    {
        jobs.Tell(all => all.Expire(state.Now));
        await durable.ChangeAsync<Done>(
            async () =>
            {
                // What the store does not take now is tried again in the next round.
                await pins.ExpireAsync(cancellation);
                foreach (var job in jobs.Ask(all => all.Newest.Where(j => j.HasEnded && !j.IsForgotten).ToArray())) await ForgetAsync(job, cancellation);
                foreach (var job in jobs.Ask(all => all.Newest.ToArray())) await SaveProgressAsync(job, cancellation);
                return Done.Value;
            },
            cancellation);
    }

    /// <summary>Takes what was stored; what can't be read is left out and named.</summary>
    public void Load(IReadOnlyList<StoredRecord> records)
    {
        manifests.Load(records);
        pins.Load(records);
        var parts = records.Where(r => r.Kind == StoredKind.Prestage && KeyParts.Owner(r.Key) is not null && PrestageProgressKey.Instance(r.Key) is null).ToLookup(r => KeyParts.Owner(r.Key)!, StringComparer.Ordinal);
        foreach (var record in records.Where(r => r.Kind == StoredKind.Prestage && KeyParts.Owner(r.Key) is null))
        {
            // The head is written last, so that a job without all its parts was never acknowledged.
            if (JsonSerializer.Deserialize(record.Value.Span, StoredJson.Default.StoredPrestage) is not { } stored || parts[record.Key].Count() < stored.Parts) continue;
            var keys = parts[record.Key].OrderBy(p => p.Key, StringComparer.Ordinal).Take(stored.Parts)
                .SelectMany(p => JsonSerializer.Deserialize(p.Value.Span, StoredJson.Default.IReadOnlyListCacheKey)!);
            jobs.Tell(all => all.Add(new PrestageJob(record.Key, stored.Request, new PackedKeys(keys), stored.CreatedAt)));
        }
        foreach (var record in records.Where(r => r.Kind == StoredKind.Prestage))
        {
            if (PrestageProgressKey.Instance(record.Key) is not { } instance) continue;
            if (JsonSerializer.Deserialize(record.Value.Span, StoredJson.Default.StoredProgress) is not { } progress) continue;
            jobs.Tell(all => all.Find(KeyParts.Owner(record.Key)!)?.Restore(instance, progress.Settled, progress.Failed, state.Now));
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
        var before = made.Ask(m => m.Find(idempotencyKey, print));
        if (!before.IsOk) return before.Error;
        if (before.Value is { } id) return await GetPrestageAsync(id, cancellation);
        if (CheckPrestage(request) is { } wrong) return wrong;
        var keys = await ResolveAsync(request.Selection, cancellation);
        if (!keys.IsOk) return keys.Error;

        var job = new PrestageJob(ids.Next("prestage", state.Now), request with { Selection = new KeySelection() }, keys.Value, state.Now);
        if (await StoreAsync(job, cancellation) is { } error) return error;
        foreach (var forgotten in jobs.Ask(all => all.Add(job))) await ForgetAsync(forgotten, cancellation);
        made.Tell(m => m.Remember(idempotencyKey, print, job.Id));
        return jobs.Ask<Result<PrestageInfo>>(_ => job.Describe());
    }

    private CacheError? CheckPrestage(PrestageRequest request)
    {
        if (request.Instances.Count is < 1 or > ControlPlaneLimits.PrestageInstancesMax)
            return Invalid($"a job has 1 to {ControlPlaneLimits.PrestageInstancesMax} instances (PrestageInstancesMax); this one has {request.Instances.Count}");
        if (request.Instances.FirstOrDefault(i => state.Registry.Find(i) is null) is { } unknown) return InstanceRegistry.Unknown(unknown);
        if (request.Priority is < 0 or > 100) return Invalid($"priority is {request.Priority}; it must be from 0 to 100");
        if (request.BandwidthBytesPerSecond <= 0) return Invalid($"bandwidthBytesPerSecond is {request.BandwidthBytesPerSecond}; it must be above 0");
        if (request.Deadline <= state.Now) return Invalid($"deadline is {request.Deadline:O}, which has passed");
        return jobs.Ask(all => all.Running) >= ControlPlaneLimits.PrestagesMax
            ? new CacheError(CacheErrorCode.Busy, $"there are {ControlPlaneLimits.PrestagesMax} jobs that have not ended, which is the limit (PrestagesMax)")
            : null;
    }

    private async Task<Result<PackedKeys>> ResolveAsync(KeySelection selection, CancellationToken cancellation)
    {
        PackedKeys? manifest = null;
        if (selection.Manifest is { } name && (manifest = manifests.Find(name)) is null) return ManifestTable.Unknown(name);
        return await selections.ResolveAsync(selection, manifest, cancellation);
    }

    // What the instance holds can be asked only after it is taken: then it is settled, and as much more is taken.
    private async Task<Result<IReadOnlyList<PrestageWork>>> TakeUnheldAsync(IContentIndex records, CacheInstance instance, int keysMax, CancellationToken cancellation)
    {
        var work = new List<PrestageWork>();
        while (keysMax > 0)
        {
            var taken = jobs.Ask(all => TakeWork(all, instance, keysMax, _ => false)).Value;
            if (taken.Count == 0) break;
            foreach (var part in taken)
            {
                var asked = await records.HeldAsync(instance.Name, part.Keys, cancellation);
                // Where that can't be told the instance finds out.
                var held = asked.IsOk ? asked.Value.ToHashSet() : [];
                if (held.Count > 0)
                    jobs.Tell(all => all.Find(part.Job)?.Settle(new PrestageProgress { Job = part.Job, Instance = instance.Name, Done = [.. held] }, state.Now));
                CacheKey[] left = [.. part.Keys.Where(k => !held.Contains(k))];
                keysMax -= left.Length;
                if (left.Length == 0) continue;
                var same = work.FindIndex(w => w.Job == part.Job);
                if (same < 0) work.Add(part with { Keys = left });
                else work[same] = work[same] with { Keys = [.. work[same].Keys, .. left] };
            }
        }
        return work;
    }

    private Result<IReadOnlyList<PrestageWork>> TakeWork(JobTable all, CacheInstance instance, int keysMax, Func<CacheKey, bool> isHeld)
    {
        var work = new List<PrestageWork>();
        foreach (var job in all.For(instance.Name))
        {
            var keys = job.Take(instance.Name, keysMax, state.Now, isHeld);
            if (keys.Count == 0) continue;
            keysMax -= keys.Count;
            work.Add(new PrestageWork
            {
                Job = job.Id,
                Keys = keys,
                BandwidthBytesPerSecond = job.Request.BandwidthBytesPerSecond,
                Deadline = job.Request.Deadline,
                TakenForMs = (int)PrestageJob.TakenFor.TotalMilliseconds,
            });
            if (keysMax == 0) break;
        }
        return work;
    }

    private bool IsHeld(CacheInstance instance, CacheKey key)
    {
        var record = state.RecordOf(HashSlot.Of(key.Span));
        lock (record.Gate) return record.Content.CopyOf(record.Content.Find(key.Span, key.Database), instance.Number) != 0;
    }

    private PrestageInfo Described(PrestageJob job)
    {
        job.Expire(state.Now);
        return job.Describe();
    }

    private async Task<CacheError?> StoreAsync(PrestageJob job, CancellationToken cancellation)
    {
        var part = 0;
        foreach (var keys in KeyParts.Split(job.Keys.All))
        {
            if (await durable.PutAsync(StoredKind.Prestage, KeyParts.Name(job.Id, part++), keys, StoredJson.Default.IReadOnlyListCacheKey, cancellation) is { } error) return error;
        }
        return await durable.PutAsync(StoredKind.Prestage, job.Id, new StoredPrestage(job.Request, job.CreatedAt, part), StoredJson.Default.StoredPrestage, cancellation);
    }

    // Now and then instead of with each report: what a crash loses of it is given out once more, and found to be there.
    private async Task SaveProgressAsync(PrestageJob job, CancellationToken cancellation)
    {
        foreach (var (instance, settled, failed) in jobs.Ask(_ => job.TakeProgress()))
        {
            var progress = new StoredProgress(settled, failed);
            if (await durable.PutAsync(StoredKind.Prestage, PrestageProgressKey.Of(job.Id, instance), progress, StoredJson.Default.StoredProgress, cancellation) is not null)
                jobs.Tell(_ => job.ReturnProgress(instance));
        }
    }

    // An ended job need not outlive the control plane. Head first: parts without a head are nothing.
    private async Task<CacheError?> ForgetAsync(PrestageJob job, CancellationToken cancellation)
    {
        if (await durable.DeleteAsync(StoredKind.Prestage, job.Id, cancellation) is { } error) return error;
        foreach (var name in durable.Keys(StoredKind.Prestage, $"{job.Id}/"))
        {
            if (await durable.DeleteAsync(StoredKind.Prestage, name, cancellation) is { } failed) return failed;
        }
        job.IsForgotten = job.HasEnded;
        return null;
    }

    private static CacheError NoJob(string job) => new(CacheErrorCode.NotFound, $"there is no prestage job '{job}'");

    private static CacheError Invalid(string message) => new(CacheErrorCode.Invalid, message);
}
