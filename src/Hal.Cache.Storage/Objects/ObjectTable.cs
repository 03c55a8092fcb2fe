using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Objects;

/// <summary>
/// The slots of each shard's objects, whose numbers their entries hold, and the accounting of what hangs on them. Needs the lock of the
/// entry's shard.
/// </summary>
internal sealed unsafe class ObjectTable(StoreCore core) : IDisposable
{
    private readonly List<ObjectSlot?>[] slots = Array.ConvertAll(core.Shards, _ => new List<ObjectSlot?>());
    private readonly Stack<int>[] free = Array.ConvertAll(core.Shards, _ => new Stack<int>());
    private readonly HashSet<ObjectSlot> moved = [];
    private readonly Graveyard graveyard = new(core.Pool);

    public Graveyard Graveyard => graveyard;

    /// <summary>The slot of an entry that has one.</summary>
    public ObjectSlot SlotOf(EntryHeader* entry)
    {
        ulong place = BitConverter.ToUInt64(Shard.StoredValue(entry));
        return slots[place >> 32][(int)place]!;
    }

    /// <summary>Gives an entry a slot, whose structure is counted into the memory budget.</summary>
    public void Attach(EntryHeader* entry, ulong hash, ObjectSlot slot)
    {
        int shard = core.ShardIndex(hash);
        slot.KeyHash = hash;
        if (free[shard].TryPop(out slot.Handle))
        {
            slots[shard][slot.Handle] = slot;
        }
        else
        {
            slot.Handle = slots[shard].Count;
            slots[shard].Add(slot);
        }

        BitConverter.TryWriteBytes(Shard.StoredValue(entry), ((ulong)shard << 32) | (uint)slot.Handle);
        core.Pool.AddOverhead(ObjectLimits.SlotManagedBytes);
        if (slot.Chunks is { } chunks)
            chunks.KeyHash = hash;
        Recount(slot);
    }

    /// <summary>Takes the slot off its entry; what it holds stays as it is.</summary>
    public void Detach(ObjectSlot slot)
    {
        int shard = core.ShardIndex(slot.KeyHash);
        slots[shard][slot.Handle] = null;
        free[shard].Push(slot.Handle);
        core.Pool.AddOverhead(-ObjectLimits.SlotManagedBytes);
    }

    /// <summary>Brings what is counted for the structure up to date.</summary>
    public void Recount(ObjectSlot slot)
    {
        long bytes = slot.Value?.MemoryBytes ?? 0;
        if (bytes == slot.CountedBytes)
            return;
        core.Pool.AddOverhead(bytes - slot.CountedBytes);
        slot.CountedBytes = bytes;
    }

    /// <summary>Gives up the slot of an entry that goes, with all that hangs on it; the base's live bytes are the entry's affair.</summary>
    public void Forget(EntryHeader* entry, ulong hash)
    {
        ObjectSlot slot = SlotOf(entry);
        Detach(slot);
        slot.IsDetached = true;
        UnmarkMoved(slot);
        DropChanges(slot);
        SetChunks(slot, null);
        if (!slot.IsBusy) // else whoever writes it ends with this
            Bury(slot);
    }

    /// <summary>Parts with the structure of an object that is detached, or in the log; while it is held, the last hold does.</summary>
    public void Bury(ObjectSlot slot)
    {
        if (slot.Value is not { } value || slot.Holds > 0)
            return;
        slot.Value = null;
        graveyard.Bury(value, slot.CountedBytes);
        slot.CountedBytes = 0; // the graveyard takes it off
    }

    public void AddChange(ObjectSlot slot, long address, int recordBytes)
    {
        ChangeChain chain = slot.Changes ??= NewChain();
        long before = chain.ManagedBytes;
        chain.Add(address, recordBytes);
        core.Live.Add(address, recordBytes);
        if (chain.ManagedBytes != before)
            core.Pool.AddOverhead(chain.ManagedBytes - before);
    }

    /// <summary>Replaces the base of an object, with all its changes, by one that the log has just got.</summary>
    public void SetBase(EntryHeader* entry, ObjectSlot slot, long address, int blobBytes, LargeValue? chunks)
    {
        int recordBytes = core.Log!.RecordBytes(entry->KeyBytes, chunks != null ? EntryRecords.ManifestBytes(chunks) : blobBytes);
        core.Live.Remove(entry->Address, slot.LiveBytes);
        core.Live.Add(address, recordBytes);
        DropChanges(slot);
        SetChunks(slot, chunks);
        (slot.LiveBytes, slot.BlobBytes) = (recordBytes, blobBytes);
        UnmarkMoved(slot);
        entry->Address = address;
        entry->Flags = (entry->Flags & ~EntryFlags.Dirty) | EntryFlags.Logged;
    }

    /// <summary>
    /// Takes an object off its entry, which goes, and gives it to a new entry of another key, which is not in the table yet and counted
    /// nowhere; the version is the old one.
    /// </summary>
    public EntryHeader* Rekey(EntryHeader* old, ObjectSlot slot, ulong hash, ushort space, ReadOnlySpan<byte> key)
    {
        ulong oldHash = slot.KeyHash;
        Shard shard = core.ShardOf(oldHash);
        EntryFlags flags = (StoreCore.Kept(old->Flags) & ~EntryFlags.Queued) | (old->Flags & EntryFlags.OnDisk);
        EntryHeader* entry = core.ShardOf(hash).NewEntry(space, key, old->Type, sizeof(long), true, new EntryRef(old).ExpiresAt, flags);
        StoreCore.CopyState(old, entry);
        core.Policy.Removed(new EntryRef(old));
        core.Live.Remove(old->Address, slot.LiveBytes);
        Detach(slot);
        slot.IsListed = false; // its place in a queue was of the old key's shard
        shard.Table.Remove(oldHash, old);
        shard.Count(old, -1);
        shard.Slab.Free(old);
        Attach(entry, hash, slot);
        return entry;
    }

    /// <summary>Notes that the object's base is under another key, which a walk over the log would take for dead.</summary>
    public void MarkMoved(ObjectSlot slot)
    {
        if (slot.IsMoved)
            return;
        slot.IsMoved = true;
        lock (moved)
            moved.Add(slot);
    }

    /// <summary>The objects whose bases are under other keys. Needs no lock.</summary>
    public ObjectSlot[] Moved()
    {
        lock (moved)
            return [.. moved];
    }

    private void UnmarkMoved(ObjectSlot slot)
    {
        if (!slot.IsMoved)
            return;
        slot.IsMoved = false;
        lock (moved)
            moved.Remove(slot);
    }

    /// <summary>Gives up what the log has of an object whose entry's live bytes are not counted at this moment; it is in memory alone then.</summary>
    public void DropBase(ObjectSlot slot, ref long address)
    {
        UnmarkMoved(slot);
        DropChanges(slot);
        SetChunks(slot, null);
        (slot.LiveBytes, slot.BlobBytes, address) = (slot.Value?.MemoryBytes ?? 0, 0, 0);
    }

    /// <summary>The entry that has the object. Needs the lock of the shard that <see cref="ObjectSlot.KeyHash"/> tells.</summary>
    public EntryHeader* EntryOf(ObjectSlot slot)
    {
        int shard = core.ShardIndex(slot.KeyHash);
        for (EntryHeader* entry = core.Shards[shard].Table.Chain(slot.KeyHash); entry != null; entry = KeyTable.Next(entry))
        {
            if ((entry->Flags & EntryFlags.Slotted) != 0 && ReferenceEquals(SlotOf(entry), slot))
                return entry;
        }

        return null;
    }

    /// <summary>Has the slot hold the base's chunks, or none; retains and releases.</summary>
    public void SetChunks(ObjectSlot slot, LargeValue? chunks)
    {
        if (chunks != null)
        {
            chunks.Retain();
            chunks.KeyHash = slot.KeyHash;
            core.Pool.AddOverhead(StoreCore.ManagedBytesOf(chunks));
        }

        if (slot.Chunks is { } old)
        {
            core.Pool.AddOverhead(-StoreCore.ManagedBytesOf(old));
            old.Release();
        }

        slot.Chunks = chunks;
    }

    /// <summary>Address of what makes the object's newest state durable.</summary>
    public static long NewestOf(EntryHeader* entry, ObjectSlot slot) => slot switch
    {
        { Ticket: not 0 } => slot.Ticket,
        { Changes: { } changes } => changes.Newest,
        _ => entry->Address,
    };

    /// <summary>Whether the log has the object's newest state as a base under its own key.</summary>
    public static bool IsWritten(EntryHeader* entry, ObjectSlot slot) =>
        (entry->Flags & EntryFlags.Dirty) == 0 && entry->Address != 0 && slot is { Changes: null, IsMoved: false, Ticket: 0 };

    /// <summary>Lets an object leave memory whose newest state is a base in the log; not while it is being written.</summary>
    public void Shelve(EntryHeader* entry, ObjectSlot slot)
    {
        Shard shard = core.ShardOf(slot.KeyHash);
        var old = new EntryRef(entry);
        EntryFlags flags = StoreCore.Kept(entry->Flags) & ~EntryFlags.Slotted;
        EntryHeader* stub = slot.Chunks == null
            ? shard.NewEntry(entry->Space, old.Key, entry->Type, slot.BlobBytes, false, old.ExpiresAt, flags)
            : shard.NewEntry(entry->Space, old.Key, entry->Type, sizeof(long), true, old.ExpiresAt, flags | EntryFlags.Large | EntryFlags.OnDisk);
        if (slot.Chunks != null)
            BitConverter.TryWriteBytes(Shard.StoredValue(stub), (long)core.TakeHandle(slot.KeyHash, slot.Chunks));
        StoreCore.CopyState(entry, stub);
        shard.Table.Replace(slot.KeyHash, entry, stub);
        shard.Slab.Free(entry);
        Detach(slot);
        slot.IsDetached = true;
        SetChunks(slot, null);
        Bury(slot);
        core.Counters.Spilled();
    }

    /// <summary>
    /// Lets an object leave memory without writing anything, where the log has it as a base and few changes; false where it has not, or
    /// where writing costs little.
    /// </summary>
    public bool TryShelveWithChanges(EntryHeader* entry, ObjectSlot slot)
    {
        long baseBytes = slot.Chunks?.Length ?? slot.BlobBytes;
        if (slot.Holds > 0 || (entry->Flags & EntryFlags.Dirty) != 0 || slot.Changes is not { Count: <= ObjectLimits.ShelvedChangesMax } changes
            || baseBytes < ObjectLimits.ShelvedChangesBaseBytesMin || changes.Bytes > baseBytes)
            return false;
        Bury(slot);
        entry->Flags |= EntryFlags.OnDisk;
        core.Counters.Spilled();
        return true;
    }

    /// <summary>The slot of an object that is in the log only, made where it has none; its entry may move.</summary>
    public ObjectSlot Unshelve(ref EntryHeader* entry, ulong hash)
    {
        if ((entry->Flags & EntryFlags.Slotted) != 0)
            return SlotOf(entry);
        Shard shard = core.ShardOf(hash);
        var old = new EntryRef(entry);
        bool inChunks = (entry->Flags & EntryFlags.Large) != 0;
        EntryFlags flags = (StoreCore.Kept(entry->Flags) & ~EntryFlags.Large) | EntryFlags.Slotted | EntryFlags.OnDisk;
        EntryHeader* full = shard.NewEntry(entry->Space, old.Key, entry->Type, sizeof(long), true, old.ExpiresAt, flags);
        var slot = new ObjectSlot { LiveBytes = core.RecordBytes(entry), BlobBytes = inChunks ? 0 : (int)entry->ValueBytes };
        Attach(full, hash, slot);
        if (inChunks)
        {
            SetChunks(slot, core.LargeOf(entry, hash));
            core.ReleaseHandle(hash, entry);
        }

        StoreCore.CopyState(entry, full);
        shard.Table.Replace(hash, entry, full);
        shard.Slab.Free(entry);
        entry = full;
        return slot;
    }

    /// <summary>Size of an object: of its structure, or of what the log has of it.</summary>
    public long BytesOf(EntryHeader* entry)
    {
        ObjectSlot slot = SlotOf(entry);
        return slot.Value?.MemoryBytes ?? ((slot.Chunks?.Length ?? slot.BlobBytes) + (slot.Changes?.Bytes ?? 0));
    }

    /// <summary>Gives all structures back; nobody uses the store any more.</summary>
    public void Dispose()
    {
        foreach (List<ObjectSlot?> shard in slots)
        {
            foreach (ObjectSlot? slot in shard)
                slot?.Value?.Free();
            shard.Clear();
        }

        graveyard.Empty();
    }

    private ChangeChain NewChain()
    {
        var chain = new ChangeChain();
        core.Pool.AddOverhead(chain.ManagedBytes);
        return chain;
    }

    private void DropChanges(ObjectSlot slot)
    {
        if (slot.Changes is not { } chain)
            return;
        for (int index = 0; index < chain.Count; index++)
            core.Live.Remove(chain[index].Address, chain[index].RecordBytes);
        core.Pool.AddOverhead(-chain.ManagedBytes);
        slot.Changes = null;
    }
}
