using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Objects;

/// <summary>
/// Puts changes and moves on the objects whose bases recovery has met. A change that names another base is of a state that was written
/// anew behind it, and means nothing; one that follows a gap shows that a change was lost, and the object with it.
/// </summary>
internal sealed unsafe class ObjectRecovery(StoreCore core)
{
    public void AddChange(long address, in RecordHeader header, ReadOnlySpan<byte> key, int valueBytes)
    {
        ulong hash = core.Hash.Of(key);
        EntryHeader* entry = Find(hash, header.Space, key, header.A);
        if (entry == null)
            return;
        ObjectSlot slot = core.Objects.Unshelve(ref entry, hash);
        if ((slot.Changes?.Count ?? 0) != header.B)
        {
            core.Counters.Corrupt();
            core.Unlink(hash, entry);
            return;
        }

        entry->Version = header.Version;
        core.Objects.AddChange(slot, address, core.Log!.RecordBytes(key.Length, valueBytes));
    }

    /// <summary>Whether the moved object was written under its new key before the atomic change that moved it had its end.</summary>
    public bool IsWrittenSince(in RecordHeader header, ReadOnlySpan<byte> key)
    {
        ulong hash = core.Hash.Of(key);
        EntryHeader* entry = core.ShardOf(hash).Table.Find(hash, header.Space, key);
        return entry != null && entry->Version >= header.Version;
    }

    /// <summary>Gives an object the key of the record; the base stays under its old one until it is written again.</summary>
    public void Move(in RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> from)
    {
        ulong oldHash = core.Hash.Of(from);
        EntryHeader* old = Find(oldHash, (ushort)header.B, from, header.A);
        if (old == null)
            return;
        ObjectSlot slot = core.Objects.Unshelve(ref old, oldHash);
        ulong hash = core.Hash.Of(key);
        EntryHeader* entry = core.Objects.Rekey(old, slot, hash, header.Space, key);
        entry->Version = header.Version;
        core.Objects.MarkMoved(slot);
        Shard shard = core.ShardOf(hash);
        shard.Table.Add(hash, entry);
        shard.Count(entry, 1);
        core.Live.Add(entry->Address, slot.LiveBytes);
        if (new EntryRef(entry).ExpiresAt is not 0 and var at)
        {
            entry->Flags |= EntryFlags.Queued;
            shard.Expiries.Add(at, hash);
        }

        core.Policy.Added(new EntryRef(entry), core.Clock);
    }

    private EntryHeader* Find(ulong hash, ushort space, ReadOnlySpan<byte> key, long address)
    {
        EntryHeader* entry = core.ShardOf(hash).Table.Find(hash, space, key);
        return entry != null && (entry->Flags & EntryFlags.Object) != 0 && entry->Address == address ? entry : null;
    }
}
