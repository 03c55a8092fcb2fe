using Hal.Cache.Contracts;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Contracts.Instances;
using Hal.Cache.ControlPlane.Events;
using Hal.Cache.ControlPlane.Instances;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Hosting;

/// <summary>Which root owns which slots, in this process.</summary>
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
            var mine = Owners().Select(o => o == root).ToArray();
            foreach (var range in slots) mine.AsSpan(range.First, range.Last - range.First + 1).Clear();
            return await SetAsync(root, mine, cancellation) is { } error ? error : Done.Value;
        },
        cancellation);

    public Task<Result<IReadOnlyList<SlotAssignment>>> ListAsync(CancellationToken cancellation)
    {
        var list = new List<SlotAssignment>();
        var owners = Owners();
        for (var slot = 0; slot < owners.Length; slot++)
        {
            if (owners[slot] is not { } root) continue;
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
        var claimed = await durable.ChangeAsync<Done>(async () => await ClaimNowAsync(registration, cancellation) is { } error ? error : Done.Value, cancellation);
        return claimed.Error;
    }

    public async Task<CacheError?> ReleaseAllAsync(string root, CancellationToken cancellation)
    {
        if (!Owners().Contains(root)) return null;
        var released = await durable.ChangeAsync<Done>(
            async () => await SetAsync(root, new bool[HashSlot.Count], cancellation) is { } error ? error : Done.Value, cancellation);
        return released.Error;
    }

    private async Task<CacheError?> ClaimNowAsync(InstanceRegistration registration, CancellationToken cancellation)
    {
        if (registration.Slots is { } claimed) return await TakeAsync(registration.Name, claimed, cancellation);
        return Owners().All(o => o is null)
            ? await TakeAsync(registration.Name, [new SlotRange(0, HashSlot.Count - 1)], cancellation)
            : null;
    }

    /// <summary>Takes what was stored.</summary>
    public void Load(string root, IReadOnlyList<SlotRange> slots)
    {
        var mine = new bool[HashSlot.Count];
        foreach (var range in slots.Where(BatchRules.IsValid)) mine.AsSpan(range.First, range.Last - range.First + 1).Fill(true);
        Apply(root, mine);
    }

    private async Task<CacheError?> TakeAsync(string root, IReadOnlyList<SlotRange> slots, CancellationToken cancellation)
    {
        if (Check(slots) is { } wrong) return wrong;
        var owners = Owners();
        var mine = owners.Select(o => o == root).ToArray();
        var had = mine.Count(m => m);
        foreach (var range in slots)
        {
            for (var slot = range.First; slot <= range.Last; slot++)
            {
                if (owners[slot] is { } other && other != root)
                    return new CacheError(CacheErrorCode.Conflict, $"slot {slot} is owned by root '{other}'; a slot has one root");
                mine[slot] = true;
            }
        }
        return mine.Count(m => m) == had ? null : await SetAsync(root, mine, cancellation);
    }

    private async Task<CacheError?> SetAsync(string root, bool[] mine, CancellationToken cancellation)
    {
        var ranges = new List<SlotRange>();
        for (var slot = 0; slot < mine.Length; slot++)
        {
            if (!mine[slot]) continue;
            if (ranges is [.., var last] && last.Last == slot - 1) ranges[^1] = last with { Last = slot };
            else ranges.Add(new SlotRange(slot, slot));
        }
        var error = ranges.Count == 0
            ? await durable.DeleteAsync(StoredKind.Slots, root, cancellation)
            : await durable.PutAsync(StoredKind.Slots, root, ranges, StoredJson.Default.IReadOnlyListSlotRange, cancellation);
        if (error is null) Apply(root, mine);
        return error;
    }

    private void Apply(string root, bool[] mine)
    {
        foreach (var record in state.Records)
        {
            lock (record.Gate)
            {
                for (var slot = record.FirstSlot; slot < record.FirstSlot + HashSlot.PerRecord; slot++)
                {
                    if (mine[slot]) record.SetOwner(slot, root);
                    else if (record.Owner(slot) == root) record.SetOwner(slot, null);
                }
            }
        }
    }

    private string?[] Owners()
    {
        var owners = new string?[HashSlot.Count];
        foreach (var record in state.Records)
        {
            lock (record.Gate)
            {
                for (var slot = record.FirstSlot; slot < record.FirstSlot + HashSlot.PerRecord; slot++) owners[slot] = record.Owner(slot);
            }
        }
        return owners;
    }

    private static CacheError? Check(IReadOnlyList<SlotRange> slots) =>
        slots.Count > HashSlot.Count ? new CacheError(CacheErrorCode.Invalid, $"there are {slots.Count} ranges, and only {HashSlot.Count} slots")
        : slots.FirstOrDefault(r => !BatchRules.IsValid(r)) is { } range
            ? new CacheError(CacheErrorCode.Invalid, $"slots {range.First} to {range.Last} are not within 0 to {HashSlot.Count - 1}")
            : null;
}
