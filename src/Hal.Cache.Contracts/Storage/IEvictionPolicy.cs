namespace Hal.Cache.Contracts.Storage;

/// <summary>
/// Decides which entries stay when room is needed; the store acts. Called under the lock of the entry's shard, from many threads for
/// different shards: no I/O, no lock, no clock of its own. State lives in <see cref="EntryRef.PolicyState"/>.
/// </summary>
public interface IEvictionPolicy
{
    /// <summary>Name as settings and INFO have it, such as <c>lru</c>.</summary>
    string Name { get; }

    /// <summary>True where nothing that can't be read again from an origin may ever be dropped.</summary>
    bool KeepsAll { get; }

    /// <summary>An entry was added or its value replaced; sets the entry's first state.</summary>
    void Added(in EntryRef entry, uint clock);

    /// <summary>An entry's value was read; <paramref name="clock"/> counts seconds since the store's epoch.</summary>
    void Read(in EntryRef entry, uint clock);

    /// <summary>An entry left the store, for whatever reason.</summary>
    void Removed(in EntryRef entry);

    /// <summary>Whether the entry stays where it is; asked when the oldest pages of memory, or the oldest log segment, are walked.</summary>
    bool Keep(in EntryRef entry, in ReclaimContext reclaim);

    /// <summary>What is known of the entry's use, for OBJECT IDLETIME and OBJECT FREQ; nothing unless the policy says more.</summary>
    EntryUsage UsageOf(in EntryRef entry, uint clock) => default;

    /// <summary>Takes over what another store knew of the entry's use; what the policy does not keep is left out.</summary>
    void SetUsage(in EntryRef entry, EntryUsage usage, uint clock)
    {
    }
}
