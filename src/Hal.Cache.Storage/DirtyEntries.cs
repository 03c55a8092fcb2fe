using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Storage.Objects;

namespace Hal.Cache.Storage;

/// <summary>Appends the small entries that it visits and that have changed; large values, retained, and big objects it collects.</summary>
internal sealed unsafe class DirtyEntries(StoreCore core) : IEntryVisitor
{
    public List<(LargeValue Value, ulong Hash)> Large { get; } = [];

    public List<ObjectSlot> Objects { get; } = [];

    /// <summary>The log's buffer was full: the bucket has to be visited again.</summary>
    public bool IsBlocked { get; set; }

    public void Visit(int database, in EntryRef entry)
    {
        if ((entry.Flags & EntryFlags.Dirty) == 0 || IsBlocked)
            return;
        ulong hash = core.Hash.Of(entry.Key);
        if (entry.IsObject && !IsPacked(entry.Flags))
        {
            VisitObject(entry.Header, hash);
        }
        else if (entry.IsLarge)
        {
            LargeValue value = core.LargeOf(entry.Header, hash);
            value.Retain();
            Large.Add((value, hash));
        }
        else if (!TryAppend(core, entry.Header, hash))
        {
            IsBlocked = true;
        }
    }

    /// <summary>Whether the value is an object whose blob is in the entry, which the log takes as it takes a string.</summary>
    public static bool IsPacked(EntryFlags flags) => (flags & (EntryFlags.Object | EntryFlags.Slotted | EntryFlags.OnDisk | EntryFlags.Large)) == EntryFlags.Object;

    /// <summary>Appends a small object's base where it has changed or has changes in the log; Full also where somebody writes it right now.</summary>
    public static BaseStatus TryAppendObject(StoreCore core, EntryHeader* entry, ObjectSlot slot)
    {
        if (slot.IsBusy)
            return BaseStatus.Full;
        if (ObjectTable.IsWritten(entry, slot) || slot.Value == null)
            return BaseStatus.Done;
        if (!ObjectRecords.IsSmall(slot.Value) || slot.Ticket != 0)
            return BaseStatus.TooLong;
        BaseStatus status = core.ObjectRecords.TryAppendBase(entry, slot.Value, 0, out long address, out int blobBytes);
        if (status == BaseStatus.Done)
            core.Objects.SetBase(entry, slot, address, blobBytes, null);
        return status;
    }

    private void VisitObject(EntryHeader* entry, ulong hash)
    {
        if ((entry->Flags & EntryFlags.Slotted) == 0 || (entry->Flags & EntryFlags.Clean) != 0)
            return; // dirty, and in the log for all that; or a copy, which is never written
        ObjectSlot slot = core.Objects.SlotOf(entry);
        if (slot.IsBusy)
            return; // whoever writes it ends that before the next save
        switch (TryAppendObject(core, entry, slot))
        {
            case BaseStatus.Full:
                IsBlocked = true;
                break;
            case BaseStatus.TooLong:
                Objects.Add(slot);
                break;
        }
    }

    /// <summary>Appends an entry's record where it has changed; false where the log's buffer is full now.</summary>
    public static bool TryAppend(StoreCore core, EntryHeader* entry, ulong hash)
    {
        if ((entry->Flags & EntryFlags.Dirty) == 0)
            return true;
        WriteScope scope = default;
        if (!core.TryAppend(entry, hash, (entry->Flags & EntryFlags.Large) != 0 ? default : Shard.StoredValue(entry), ref scope, out long address))
            return false;
        core.Live.Move(entry->Address, address, core.RecordBytes(entry));
        entry->Address = address;
        entry->Flags = (entry->Flags & ~EntryFlags.Dirty) | EntryFlags.Logged;
        return true;
    }
}
