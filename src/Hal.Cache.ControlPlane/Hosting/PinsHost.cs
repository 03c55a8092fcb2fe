using System.Text.Json;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;
using Hal.Cache.ControlPlane.Scheduling;
using Hal.Cache.ControlPlane.Sharding;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Pins: recorded here, kept by the instances, which hear of a change by their leases. Changes have <see cref="DurableState"/>'s turn.</summary>
internal sealed class PinsHost(
    PlaneState state, DurableState durable, ManifestTable manifests, Actor<IdempotencyTable> made, Actor<BatchTable> batches, IdSource ids, IContentIndex? index)
{
    private readonly Actor<PinTable> pins = new(new PinTable());
    private readonly PinRecords records = new(durable);

    /// <summary>Pins that belong to a batch.</summary>
    public IReadOnlyList<(string Pin, string Batch)> InBatches =>
        pins.Ask(p => p.All.Where(i => i.Request.Batch is not null).Select(i => (i.Pin, i.Request.Batch!)).ToArray());

    public Task<Result<PinInfo>> PinAsync(
        PinRequest request, string? idempotencyKey, Func<KeySelection, Task<Result<PackedKeys>>> resolve, CancellationToken cancellation) => durable.ChangeAsync<PinInfo>(
        async () =>
        {
            var print = JsonSerializer.Serialize(request, StoredJson.Default.PinRequest);
            var mark = IdempotencyMark.Of(idempotencyKey, print);
            if (!mark.IsOk) return mark.Error;
            var before = made.Ask(m => m.Find(mark.Value));
            if (!before.IsOk) return before.Error;
            if (before.Value is { } id) return pins.Ask<Result<PinInfo>>(p => p.Find(id) is { } pinned ? pinned : new CacheError(CacheErrorCode.NotFound, $"pin '{id}' has ended"));
            if (Check(request) is { } wrong) return wrong;
            var keys = await resolve(request.Selection);
            if (!keys.IsOk) return keys.Error;
            var bytes = await BytesOfAsync(keys.Value, cancellation);
            if (!bytes.IsOk) return bytes.Error;
            var pin = new PinInfo { Pin = "", Request = request, CreatedAt = state.Now, Keys = keys.Value.Count, Bytes = bytes.Value };
            if (Exceeds(pin) is { } full) return full;
            pin = pin with { Pin = made.Ask(m => m.Try(mark.Value, () => ids.Next("pin", state.Now, mark.Value?.Tail))) };
            if (await records.StoreAsync(pin, cancellation) is { } error) return error;
            pins.Tell(p => p.Add(pin));
            made.Tell(m => m.Remember(mark.Value, pin.Pin));
            Revise(request.Instance);
            return pin;
        },
        cancellation);

    public Task<Result<Done>> UnpinAsync(string pin, CancellationToken cancellation) => durable.ChangeAsync<Done>(
        async () => pins.Ask(p => p.Find(pin)) is { } found && await UnpinNowAsync(found, cancellation) is { } error ? error : Done.Value,
        cancellation);

    public Result<Page<PinInfo>> List(string? instance, PageRequest page) =>
        pins.Ask(p => Paging.Of(p.All.Where(i => instance is null || i.Request.Instance == instance), i => i.Pin, page));

    /// <summary>Takes back pins that have come to their end; what the store does not take now is tried again in the next round.</summary>
    public async Task ExpireAsync(CancellationToken cancellation)
    {
        foreach (var pin in pins.Ask(p => p.Ended(state.Now))) await UnpinNowAsync(pin, cancellation);
    }

    /// <summary>A manifest has other keys: who keeps them has to ask again.</summary>
    public void ManifestChanged(string manifest)
    {
        foreach (var instance in pins.Ask(p => p.InstancesWith(manifest))) Revise(instance);
    }

    public void Load(IReadOnlyList<StoredRecord> stored)
    {
        foreach (var pin in PinRecords.Load(stored).OrderBy(p => p.Pin, StringComparer.Ordinal))
        {
            pins.Tell(p => p.Add(pin));
            made.Tell(m => m.Remember(IdempotencyMark.OfId(pin.Pin), pin.Pin));
        }
    }

    private CacheError? Check(PinRequest request)
    {
        if (state.Registry.Find(request.Instance) is null) return InstanceRegistry.Unknown(request.Instance);
        if (SelectionResolver.Check(request.Selection) is { } wrong) return wrong;
        if (request.Selection.Manifest is { } manifest && manifests.Find(manifest) is null) return ManifestTable.Unknown(manifest);
        if (batches.Ask(b => b.Refusal(request.Batch, state.Now)) is { } over) return over;
        if (request.ExpiresAt <= state.Now) return new CacheError(CacheErrorCode.Invalid, $"expiresAt is {request.ExpiresAt:O}, which has passed");
        return pins.Ask(p => p.Count) >= ControlPlaneLimits.PinsMax
            ? new CacheError(CacheErrorCode.Busy, $"there are {ControlPlaneLimits.PinsMax} pins, which is the limit (PinsMax)")
            : null;
    }

    // An instance that is full of pinned objects could cache nothing else.
    private CacheError? Exceeds(PinInfo pin)
    {
        var instance = pin.Request.Instance;
        var (keys, bytes) = pins.Ask(p => p.Sum(instance));
        if (keys + pin.Keys > ControlPlaneLimits.PinnedKeysMax)
        {
            return new CacheError(
                CacheErrorCode.NoRoom, $"the pins of '{instance}' have {keys} keys, and this one {pin.Keys}; they may have {ControlPlaneLimits.PinnedKeysMax} (PinnedKeysMax)");
        }
        var registration = state.Registry.Find(instance)!.Registration;
        var store = registration.DiskLimitBytes > 0 ? registration.DiskLimitBytes : registration.MemoryLimitBytes;
        var most = (long)(store * ControlPlaneLimits.PinnedShareMax);
        return store > 0 && bytes + pin.Bytes > most
            ? new CacheError(
                CacheErrorCode.NoRoom,
                $"the pins of '{instance}' keep {bytes} bytes, and this one would keep {pin.Bytes}; they may keep {most}, which is {ControlPlaneLimits.PinnedShareMax:P0} of its store (PinnedShareMax)")
            : null;
    }

    private async Task<Result<long>> BytesOfAsync(PackedKeys keys, CancellationToken cancellation)
    {
        if (index is null) return BytesOf(keys);
        var sums = await index.SumAsync([.. keys.All], cancellation);
        return sums.IsOk ? sums.Value.Sets.Sum(s => s.Bytes) : sums.Error;
    }

    private long BytesOf(PackedKeys keys)
    {
        var total = 0L;
        for (var i = 0; i < keys.Count; i++)
        {
            var key = keys[i];
            var record = state.RecordOf(HashSlot.Of(key.Span));
            long version = long.MinValue, bytes = 0;
            lock (record.Gate)
            {
                var content = record.Content;
                for (var at = content.FirstCopy(content.Find(key.Span, key.Database)); at != 0; at = content.CopyAt(at).Next)
                {
                    ref readonly var copy = ref content.CopyAt(at);
                    if (copy.Version > version) (version, bytes) = (copy.Version, copy.SizeBytes);
                }
            }
            total += bytes;
        }
        return total;
    }

    private async Task<CacheError?> UnpinNowAsync(PinInfo pin, CancellationToken cancellation)
    {
        if (await records.ForgetAsync(pin.Pin, cancellation) is { } error) return error;
        pins.Tell(p => p.Remove(pin.Pin));
        Revise(pin.Request.Instance);
        return null;
    }

    private void Revise(string name)
    {
        if (state.Registry.Find(name) is not { } instance) return;
        lock (instance.Gate) instance.RevisePins(state.Now);
    }
}
