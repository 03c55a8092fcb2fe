using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Objects;

/// <summary>Adds, changes and moves objects, each with its record in the log. Needs the key's lock.</summary>
internal sealed unsafe class ObjectWrites(StoreCore core, EntryWrites writes)
{
    private readonly IRecordLog? log = core.Log;
    private readonly ObjectTable table = core.Objects;

    public StoreStatus Put(in BlobKey key, IObjectValue value, long expiresAt, EntryFlags flags, ref WriteScope scope)
    {
        Shard shard = core.ShardOf(key.Hash);
        ushort space = core.Spaces.SpaceOf(key.Database);
        EntryHeader* old = shard.Table.Find(key.Hash, space, key.Bytes);
        KeyBefore before = core.Before(old, key.Hash);
        bool isNew = old == null;
        EntryHeader* entry = shard.NewEntry(
            space, key.Bytes, value.Type, sizeof(long), true, expiresAt, flags | EntryFlags.Object | EntryFlags.Slotted);
        entry->Version = shard.NextVersion();
        var slot = new ObjectSlot { Value = value, LiveBytes = value.MemoryBytes };
        long address = 0;
        if (core.AppendsAtOnce && ObjectRecords.IsSmall(value))
        {
            switch (core.ObjectRecords.TryAppendBase(entry, value, scope.Transaction, out address, out slot.BlobBytes))
            {
                case BaseStatus.Full:
                    shard.Slab.Free(entry);
                    return StoreStatus.Full;
                case BaseStatus.Done:
                    slot.LiveBytes = log!.RecordBytes(key.Bytes.Length, slot.BlobBytes);
                    EntryWrites.Appended(address, ref scope);
                    break;
            }
        }

        table.Attach(entry, key.Hash, slot);
        core.Packer.List(slot);
        writes.Link(shard, key.Hash, entry, old, entry->Version, address);
        if (core.AppendsAtOnce && address == 0)
            WriteLater(entry, slot, ref scope);
        writes.Changed(key, isNew, flags, before, ref scope);
        return StoreStatus.Done;
    }

    /// <summary>Puts what is in memory alone: no record, and no place among the live bytes.</summary>
    public StoreStatus PutCopy(in BlobKey key, IObjectValue value, OriginStamp stamp, long expiresAt, ref WriteScope scope)
    {
        const EntryFlags flags = EntryFlags.Clean | EntryFlags.Object | EntryFlags.Slotted;
        Shard shard = core.ShardOf(key.Hash);
        ushort space = core.Spaces.SpaceOf(key.Database);
        EntryHeader* old = shard.Table.Find(key.Hash, space, key.Bytes);
        KeyBefore before = core.Before(old, key.Hash);
        bool isNew = old == null;
        EntryHeader* entry = shard.NewEntry(
            space, key.Bytes, value.Type, sizeof(long) + EntryRef.CopiedObjectTrailerBytes, true, expiresAt, flags);
        var copied = new EntryRef(entry);
        copied.WriteStamp(stamp);
        copied.CopyReads = 0;
        table.Attach(entry, key.Hash, new ObjectSlot { Value = value });
        writes.Link(shard, key.Hash, entry, old, shard.NextVersion(), address: 0);
        writes.Changed(key, isNew, flags, before, ref scope);
        return StoreStatus.Done;
    }

    public IObjectHold Hold(EntryHeader* entry)
    {
        ObjectSlot slot = core.Packer.Open(entry);
        slot.Holds++;
        return new ObjectHold(core, slot, slot.Value!);
    }

    public StoreStatus Reserve(in BlobKey key, long bytes)
    {
        if (!core.Room.HasRoom(bytes))
            return StoreStatus.Full;
        EntryHeader* entry = core.ShardOf(key.Hash).Table.Find(key.Hash, core.Spaces.SpaceOf(key.Database), key.Bytes);
        if (entry == null || (entry->Flags & EntryFlags.Slotted) == 0)
            return StoreStatus.Done;
        ObjectSlot slot = table.SlotOf(entry);
        return IsRefused(slot) ? StoreStatus.Full : StoreStatus.Done;
    }

    public void Change(in BlobKey key, ReadOnlySpan<byte> change, KeyChange told, ref WriteScope scope)
    {
        Shard shard = core.ShardOf(key.Hash);
        EntryHeader* entry = shard.Table.Find(key.Hash, core.Spaces.SpaceOf(key.Database), key.Bytes);
        ObjectSlot slot = table.SlotOf(entry);
        KeyBefore before = core.Before(entry, key.Hash); // the structure has changed already, its version not yet
        entry->Version = shard.NextVersion();
        if (!core.AppendsAtOnce)
            MarkDirty(entry, slot);
        else if (slot.Ticket == 0 && TryLog(entry, slot, change, scope.Transaction, out long address))
            EntryWrites.Appended(address, ref scope);
        else
            WriteLater(entry, slot, ref scope);
        table.Recount(slot);
        core.Packer.List(slot);
        core.Policy.Read(new EntryRef(entry), core.Clock);
        writes.Changed(key, told, before, ref scope);
    }

    public StoreStatus Move(in BlobKey from, in BlobKey to, ref WriteScope scope)
    {
        Shard shard = core.ShardOf(from.Hash);
        Shard target = core.ShardOf(to.Hash);
        ushort space = core.Spaces.SpaceOf(to.Database);
        EntryHeader* old = shard.Table.Find(from.Hash, core.Spaces.SpaceOf(from.Database), from.Bytes);
        EntryHeader* replaced = target.Table.Find(to.Hash, space, to.Bytes);
        bool isNew = replaced == null;
        KeyBefore before = core.Before(old, from.Hash);
        KeyBefore beforeThere = core.Before(replaced, to.Hash);
        ObjectSlot slot = core.Packer.Open(old);
        if (IsRefused(slot))
            return StoreStatus.Full;
        long version = target.NextVersion();
        if (!TryLogMove(shard, old, to.Bytes, space, version, scope.Transaction, out long address))
            return StoreStatus.Full;

        // The slot and what it holds in the log change hands; the old entry goes without it.
        EntryHeader* entry = table.Rekey(old, slot, to.Hash, space, to.Bytes);
        long baseAddress = entry->Address;
        if (!core.AppendsAtOnce)
            table.DropBase(slot, ref baseAddress);
        writes.Link(target, to.Hash, entry, replaced, version, baseAddress);
        if (address != 0)
            EntryWrites.Appended(address, ref scope);
        if (core.AppendsAtOnce)
        {
            table.MarkMoved(slot);
            core.ObjectWriter.Request(slot);
        }

        writes.Changed(from, KeyChange.Deleted, before, ref scope);
        writes.Changed(to, isNew, EntryFlags.None, beforeThere, ref scope);
        return StoreStatus.Done;
    }

    public Result<IObjectValue> Clone(IObjectValue value)
    {
        if (core.Codec == null)
            return new CacheError(CacheErrorCode.Invalid, "the store has no codec for objects");
        using var blob = new BlobBuffer();
        value.Write(blob);
        return core.Codec.Read(value.Type, blob.ToSequence());
    }

    private bool IsRefused(ObjectSlot slot)
    {
        if (!slot.IsBusy && slot.Holds == 0 && slot.Ticket == 0)
            return false;
        core.Room.Refused();
        return true;
    }

    private bool TryLog(EntryHeader* entry, ObjectSlot slot, ReadOnlySpan<byte> change, long transaction, out long address)
    {
        address = 0;
        if (change.Length > ObjectLimits.ChangeBytesMax)
            return false;
        if (IsOutweighed(slot))
        {
            int blobBytes = 0;
            BaseStatus status = ObjectRecords.IsSmall(slot.Value!)
                ? core.ObjectRecords.TryAppendBase(entry, slot.Value!, transaction, out address, out blobBytes)
                : BaseStatus.TooLong;
            if (status == BaseStatus.Done)
            {
                table.SetBase(entry, slot, address, blobBytes, null);
                return true;
            }

            if (status == BaseStatus.TooLong)
                core.ObjectWriter.Request(slot);
        }

        if (!core.ObjectRecords.TryAppendChange(entry, slot, change, transaction, out address))
            return false;
        table.AddChange(slot, address, log!.RecordBytes(entry->KeyBytes, change.Length));
        return true;
    }

    /// <summary>The changes take more than the base: a new base costs no more than they did, and the log stays within twice the objects.</summary>
    private static bool IsOutweighed(ObjectSlot slot) =>
        slot.Changes is { } changes && changes.Bytes > Math.Max(slot.Chunks?.Length ?? slot.BlobBytes, ObjectLimits.ChangesBytesMin);

    private void WriteLater(EntryHeader* entry, ObjectSlot slot, ref WriteScope scope)
    {
        entry->Flags |= EntryFlags.Dirty;
        scope.Address = Math.Max(scope.Address, core.ObjectWriter.Enqueue(slot));
    }

    private void MarkDirty(EntryHeader* entry, ObjectSlot slot)
    {
        if (log == null)
            return;
        entry->Flags |= EntryFlags.Dirty;

        // What it will take in the log is only estimated until it is written.
        long bytes = slot.Value!.MemoryBytes;
        if (Math.Abs(bytes - slot.LiveBytes) <= Math.Max(ObjectLimits.ChangesBytesMin, slot.LiveBytes / 8))
            return;
        core.Live.Remove(entry->Address, slot.LiveBytes);
        core.Live.Add(entry->Address, bytes);
        slot.LiveBytes = bytes;
    }

    /// <summary>With records at once: that the object has another key. Without: that the old key has nothing, if the log knows of it.</summary>
    private bool TryLogMove(Shard shard, EntryHeader* old, ReadOnlySpan<byte> key, ushort space, long version, long transaction, out long address)
    {
        address = 0;
        if (core.AppendsAtOnce)
            return core.ObjectRecords.TryAppendMove(old, key, space, version, transaction, out address);
        if ((old->Flags & EntryFlags.Logged) == 0)
            return true;
        var header = new RecordHeader { Kind = RecordKind.Delete, Space = old->Space, Version = shard.NextVersion(), Transaction = transaction };
        return log!.TryAppend(ref header, Shard.KeyOf(old), default, out address);
    }
}
