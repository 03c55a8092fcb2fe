using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Eviction;

/// <summary>
/// Nothing that a client wrote leaves the store: writes fail when it is full. Values still move from memory to the log, and an origin's
/// objects still make room, both the least recently used first.
/// </summary>
internal sealed class NoEvictionPolicy : IEvictionPolicy
{
    public const string PolicyName = "noeviction";

    private readonly LruPolicy recency = new();

    public string Name => PolicyName;

    public bool KeepsAll => true;

    public void Added(in EntryRef entry, uint clock) => recency.Added(entry, clock);

    public void Read(in EntryRef entry, uint clock) => recency.Read(entry, clock);

    public void Removed(in EntryRef entry) => recency.Removed(entry);

    public bool Keep(in EntryRef entry, in ReclaimContext reclaim) =>
        (reclaim.Tier == ReclaimTier.Store && (entry.Flags & EntryFlags.Clean) == 0) || recency.Keep(entry, reclaim);

    public EntryUsage UsageOf(in EntryRef entry, uint clock) => recency.UsageOf(entry, clock);

    public void SetUsage(in EntryRef entry, EntryUsage usage, uint clock) => recency.SetUsage(entry, usage, clock);
}
