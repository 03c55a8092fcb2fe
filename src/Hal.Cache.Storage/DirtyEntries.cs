using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage;

/// <summary>Appends the inline entries that it visits and that have changed; large ones it collects, retained.</summary>
internal sealed unsafe class DirtyEntries(StoreCore core) : IEntryVisitor
{
    public List<(LargeValue Value, ulong Hash)> Large { get; } = [];

    /// <summary>The log's buffer was full: the bucket has to be visited again.</summary>
    public bool IsBlocked { get; set; }

    public void Visit(int database, in EntryRef entry)
    {
        if ((entry.Flags & EntryFlags.Dirty) == 0 || IsBlocked)
            return;
        ulong hash = core.Hash.Of(entry.Key);
        if (entry.IsLarge)
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
