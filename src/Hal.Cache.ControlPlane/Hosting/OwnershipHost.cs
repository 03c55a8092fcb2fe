using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Events;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Which root owns which slots, in this process; changes have <see cref="DurableState"/>'s turn.</summary>
internal sealed class OwnershipHost(PlaneState state, DurableState durable) : IOwnership
{
    public Task<Result<SlotOwner>> OwnerAsync(CacheKey key, CancellationToken cancellation)
    {
        var slot = HashSlot.Of(key.Span);
        return Task.FromResult<Result<SlotOwner>>(
            Owner(slot) is { } root ? new SlotOwner(slot, root) : new CacheError(CacheErrorCode.NotFound, $"no root owns slot {slot}"));
    }

    public Task<Result<Done>> AssignAsync(string root, IReadOnlyList<SlotRange> slots, CancellationToken cancellation) => durable.ChangeAsync<Done>(
        async () =>
        {
            if (state.Registry.Find(root) is not { IsRoot: true }) return new CacheError(CacheErrorCode.NotFound, $"there is no root '{root}'");
            return await TakeAsync(root, slots, cancellation) is { } error ? error : Done.Value;
        },
        cancellation);

    public Task<Result<Done>> ReleaseAsync(string root, IReadOnlyList<SlotRange> slots, CancellationToken cancellation) => durable.ChangeAsync<Done>(
        async () =>
        {
            if (Check(slots) is { } wrong) return wrong;
            var left = Slots(root).Where(s => !slots.Any(r => s >= r.First && s <= r.Last)).ToList();
            return await SetAsync(root, left, cancellation) is { } error ? error : Done.Value;
        },
        cancellation);

    public Task<Result<IReadOnlyList<SlotAssignment>>> ListAsync(CancellationToken cancellation)
    {
        var list = new List<SlotAssignment>();
        for (var slot = 0; slot < HashSlot.Count; slot++)
        {
            if (Owner(slot) is not { } root) continue;
            if (list is [.., var last] && last.Root == root && last.Last == slot - 1) list[^1] = last with { Last = slot };
            else list.Add(new SlotAssignment(root, slot, slot));
        }
        return Task.FromResult<Result<IReadOnlyList<SlotAssignment>>>(list);
    }

    public string? Owner(int slot)
    {
        var record = state.RecordOf(slot);
        lock (record.Gate) return record.Owner(slot);
    }

    /// <summary>Gives a registering root what it claims, or everything where it is the first.</summary>
    public async Task<CacheError?> ClaimAsync(InstanceRegistration registration, CancellationToken cancellation)
    {
        if (registration.Role != InstanceRole.Root) return null;
        if (registration.Slots is { } claimed) return await TakeAsync(registration.Name, claimed, cancellation);
        return Enumerable.Range(0, HashSlot.Count).All(s => Owner(s) is null)
            ? await TakeAsync(registration.Name, [new SlotRange(0, HashSlot.Count - 1)], cancellation)
            : null;
    }

    public Task<CacheError?> ReleaseAllAsync(string root, CancellationToken cancellation) =>
        Slots(root).Any() ? SetAsync(root, [], cancellation) : Task.FromResult<CacheError?>(null);

    /// <summary>Takes what was stored.</summary>
    public void Load(string root, IReadOnlyList<SlotRange> slots) => Apply(root, [.. slots.SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1))]);

    private async Task<CacheError?> TakeAsync(string root, IReadOnlyList<SlotRange> slots, CancellationToken cancellation)
    {
        if (Check(slots) is { } wrong) return wrong;
        var all = Slots(root).ToHashSet();
        foreach (var slot in slots.SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1)))
        {
            if (Owner(slot) is { } other && other != root)
                return new CacheError(CacheErrorCode.Conflict, $"slot {slot} is owned by root '{other}'; a slot has one root");
            all.Add(slot);
        }
        return all.Count == Slots(root).Count() ? null : await SetAsync(root, [.. all.Order()], cancellation);
    }

    private async Task<CacheError?> SetAsync(string root, List<int> slots, CancellationToken cancellation)
    {
        var ranges = new List<SlotRange>();
        foreach (var slot in slots)
        {
            if (ranges is [.., var last] && last.Last == slot - 1) ranges[^1] = last with { Last = slot };
            else ranges.Add(new SlotRange(slot, slot));
        }
        var error = ranges.Count == 0
            ? await durable.DeleteAsync(StoredKind.Slots, root, cancellation)
            : await durable.PutAsync(StoredKind.Slots, root, ranges, StoredJson.Default.IReadOnlyListSlotRange, cancellation);
        if (error is null) Apply(root, [.. slots]);
        return error;
    }

    private void Apply(string root, HashSet<int> slots)
    {
        for (var slot = 0; slot < HashSlot.Count; slot++)
        {
            var record = state.RecordOf(slot);
            lock (record.Gate)
            {
                if (slots.Contains(slot)) record.SetOwner(slot, root);
                else if (record.Owner(slot) == root) record.SetOwner(slot, null);
            }
        }
    }

    private IEnumerable<int> Slots(string root) => Enumerable.Range(0, HashSlot.Count).Where(s => Owner(s) == root);

    private static CacheError? Check(IReadOnlyList<SlotRange> slots) =>
        slots.Count > HashSlot.Count ? new CacheError(CacheErrorCode.Invalid, $"there are {slots.Count} ranges, and only {HashSlot.Count} slots")
        : slots.FirstOrDefault(r => !BatchRules.IsValid(r)) is { } range
            ? new CacheError(CacheErrorCode.Invalid, $"slots {range.First} to {range.Last} are not within 0 to {HashSlot.Count - 1}")
            : null;
}
