using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Objects;

/// <summary>
/// Gives objects whose base lies where the log is about to be truncated a new base at the tail; one that is not in memory is loaded for
/// that, and leaves again. For the thread that reclaims the log.
/// </summary>
internal sealed class ObjectRewrite(StoreCore core)
{
    /// <summary>An object can neither be loaded nor dropped: its segment must stay.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Those that a walk would not find, since their records have another key.</summary>
    public bool TryRewriteMoved(long before)
    {
        HasFailed = false;
        foreach (ObjectSlot slot in core.Objects.Moved())
        {
            if (KeyOf(slot) is { } at && !TryRewrite(at.Space, at.Hash, at.Key, before))
                return false;
        }

        return true;
    }

    /// <summary>False where the log refuses now, or the object can't be saved.</summary>
    public bool TryRewrite(ushort space, ulong hash, ReadOnlySpan<byte> key, long before)
    {
        while (Find(space, hash, key, before) is { } slot)
        {
            bool wasOnDisk = slot.Value == null;
            if (wasOnDisk && Load(space, hash, key.ToArray()) is { } error)
            {
                if (error.Code == CacheErrorCode.Corrupt)
                {
                    Drop(space, hash, key);
                    return true;
                }

                HasFailed = true;
                return false;
            }

            if (!core.ObjectWriter.Write(slot, shelve: wasOnDisk, isReclaiming: true))
                return false;
            if (slot.IsBusy)
                core.Room.WaitForPulse(); // somebody else is writing it
        }

        return true;
    }

    private CacheError? Load(ushort space, ulong hash, byte[] key) =>
        new ObjectLoader(core, space, hash, key).LoadAsync(isReclaiming: true, CancellationToken.None).AsTask().GetAwaiter().GetResult();

    /// <summary>The object's slot, while its base is before that address.</summary>
    private unsafe ObjectSlot? Find(ushort space, ulong hash, ReadOnlySpan<byte> key, long before)
    {
        Shard shard = core.ShardOf(hash);
        lock (shard.Gate)
        {
            EntryHeader* entry = shard.Table.Find(hash, space, key);
            return entry != null && (entry->Flags & EntryFlags.Slotted) != 0 && entry->Address < before ? core.Objects.SlotOf(entry) : null;
        }
    }

    private unsafe (ushort Space, ulong Hash, byte[] Key)? KeyOf(ObjectSlot slot)
    {
        Shard shard = core.ObjectWriter.Enter(slot);
        try
        {
            if (slot.IsDetached)
                return null;
            EntryHeader* entry = core.Objects.EntryOf(slot);
            return (entry->Space, slot.KeyHash, Shard.KeyOf(entry).ToArray());
        }
        finally
        {
            shard.Gate.Exit();
        }
    }

    private unsafe void Drop(ushort space, ulong hash, ReadOnlySpan<byte> key)
    {
        Shard shard = core.ShardOf(hash);
        lock (shard.Gate)
        {
            EntryHeader* entry = shard.Table.Find(hash, space, key);
            if (entry != null && (entry->Flags & (EntryFlags.Slotted | EntryFlags.OnDisk)) == (EntryFlags.Slotted | EntryFlags.OnDisk))
                core.Unlink(hash, entry);
        }
    }
}
