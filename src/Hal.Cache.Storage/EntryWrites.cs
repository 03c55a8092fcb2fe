using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage;

/// <summary>Adds, replaces, removes and dates entries: the record goes to the log first, then the table changes. Needs the key's lock.</summary>
internal sealed unsafe class EntryWrites(StoreCore core)
{
    private readonly IRecordLog? log = core.Log;

    public StoreStatus Put(in BlobKey key, BlobType type, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags, ref WriteScope scope)
    {
        Shard shard = core.ShardOf(key.Hash);
        ushort space = core.Spaces.SpaceOf(key.Database);
        long version = shard.NextVersion();
        long address = 0;
        if (core.AppendsAtOnce)
        {
            var header = new RecordHeader
            {
                Kind = RecordKind.Value, Flags = EntryRecords.FlagsOf(flags), Space = space, Version = version, ExpiresAt = expiresAt,
                Transaction = scope.Transaction, Type = (byte)type,
            };
            if (!log!.TryAppend(ref header, key.Bytes, value, out address))
                return StoreStatus.Full;
            Appended(address, ref scope);
        }

        EntryHeader* old = shard.Table.Find(key.Hash, space, key.Bytes);
        KeyBefore before = core.Before(old, key.Hash);
        bool isNew = old == null;
        if (old != null && FitsInPlace(old, key, value.Length, expiresAt))
        {
            Overwrite(shard, key.Hash, old, type, value, expiresAt, flags, version, address);
        }
        else
        {
            EntryHeader* entry = shard.NewEntry(space, key.Bytes, type, value.Length, true, expiresAt, flags);
            value.CopyTo(Shard.StoredValue(entry));
            Link(shard, key.Hash, entry, old, version, address);
        }

        Changed(key, isNew, flags, before, ref scope);
        return StoreStatus.Done;
    }

    public StoreStatus Put(in BlobKey key, BlobType type, ILargeValue value, long expiresAt, EntryFlags flags, ref WriteScope scope)
    {
        var large = (LargeValue)value;
        Shard shard = core.ShardOf(key.Hash);
        ushort space = core.Spaces.SpaceOf(key.Database);
        EntryHeader* old = shard.Table.Find(key.Hash, space, key.Bytes);
        KeyBefore before = core.Before(old, key.Hash);
        bool isNew = old == null;
        EntryHeader* entry = shard.NewEntry(space, key.Bytes, type, sizeof(long), true, expiresAt, flags | EntryFlags.Large);
        entry->Version = shard.NextVersion();
        int handle = core.TakeHandle(key.Hash, large);
        BitConverter.TryWriteBytes(Shard.StoredValue(entry), (long)handle);
        long address = 0;
        bool isWritten = !core.AppendsAtOnce || (flags & EntryFlags.Clean) != 0 || core.Chunks.TryAppendDirty(large);
        if (core.AppendsAtOnce && !(isWritten && core.TryAppend(entry, key.Hash, default, ref scope, out address)))
        {
            core.Live.Add(0, core.RecordBytes(entry)); // Forget takes it off again
            core.Forget(key.Hash, entry);
            return StoreStatus.Full;
        }

        if (address != 0)
            Appended(address, ref scope);
        Link(shard, key.Hash, entry, old, entry->Version, address);
        Changed(key, isNew, flags, before, ref scope);
        return StoreStatus.Done;
    }

    public StoreStatus Remove(in BlobKey key, RemovalReason reason, ref WriteScope scope, out bool removed)
    {
        Shard shard = core.ShardOf(key.Hash);
        ushort space = core.Spaces.SpaceOf(key.Database);
        EntryHeader* entry = shard.Table.Find(key.Hash, space, key.Bytes);
        removed = entry != null;
        if (entry == null)
            return StoreStatus.Done;

        if (reason == RemovalReason.Deleted && (entry->Flags & EntryFlags.HasExpiry) != 0 && new EntryRef(entry).ExpiresAt <= core.NowIn(shard))
            (reason, removed) = (RemovalReason.Expired, false); // it was not there any more

        if (reason is RemovalReason.Evicted or RemovalReason.Expired)
        {
            if (!core.TryDrop(key.Hash, entry, reason == RemovalReason.Evicted ? KeyChange.Evicted : KeyChange.Expired))
                return StoreStatus.Full;
            if (reason == RemovalReason.Evicted)
                core.Counters.Evicted();
            else
                core.Counters.Expired();
            Changed(ref scope);
            return StoreStatus.Done;
        }

        if ((entry->Flags & EntryFlags.Logged) != 0)
        {
            var header = new RecordHeader
            {
                Kind = RecordKind.Delete, Space = space, Version = shard.NextVersion(), Transaction = scope.Transaction,
            };
            if (!log!.TryAppend(ref header, key.Bytes, default, out long address))
                return StoreStatus.Full;
            Appended(address, ref scope);
        }

        KeyBefore before = core.Before(entry, key.Hash);
        core.Unlink(key.Hash, entry);
        Changed(key, reason == RemovalReason.Invalidated ? KeyChange.Invalidated : KeyChange.Deleted, before, ref scope);
        return StoreStatus.Done;
    }

    public StoreStatus SetExpiry(in BlobKey key, long expiresAt, ref WriteScope scope)
    {
        Shard shard = core.ShardOf(key.Hash);
        ushort space = core.Spaces.SpaceOf(key.Database);
        EntryHeader* old = shard.Table.Find(key.Hash, space, key.Bytes);
        if (old == null)
            return StoreStatus.Done;
        KeyBefore before = core.Before(old, key.Hash);
        long version = shard.NextVersion();
        if (old->Address != 0)
        {
            var header = new RecordHeader
            {
                Kind = RecordKind.Expiry, Space = space, Version = version, ExpiresAt = expiresAt, Transaction = scope.Transaction,
            };
            if (!log!.TryAppend(ref header, key.Bytes, default, out long address))
                return StoreStatus.Full;
            Appended(address, ref scope);
        }

        if (expiresAt != 0 && (old->Flags & EntryFlags.HasExpiry) != 0)
        {
            Queue(shard, key.Hash, old, expiresAt, new EntryRef(old).ExpiresAt);
            *(long*)Shard.ExpiryOf(old) = expiresAt;
            old->Version = version;
            Changed(key, KeyChange.ExpirySet, before, ref scope);
            return StoreStatus.Done;
        }

        EntryHeader* entry = shard.Redate(old, expiresAt);
        entry->Version = version;
        shard.Count(old, -1);
        shard.Count(entry, 1);
        shard.Table.Replace(key.Hash, old, entry);
        shard.Slab.Free(old);
        if (expiresAt != 0)
            Queue(shard, key.Hash, entry, expiresAt, long.MaxValue);
        Changed(key, KeyChange.ExpirySet, before, ref scope);
        return StoreStatus.Done;
    }

    /// <summary>Puts a new entry into the table, in the place of the one that the key had, which goes.</summary>
    public void Link(Shard shard, ulong hash, EntryHeader* entry, EntryHeader* old, long version, long address)
    {
        entry->Version = version;
        long queuedAt = long.MaxValue;
        if (old != null)
        {
            if ((old->Flags & EntryFlags.HasExpiry) != 0 && (entry->Flags & EntryFlags.HasExpiry) != 0)
            {
                queuedAt = new EntryRef(old).ExpiresAt;
                entry->Flags |= old->Flags & EntryFlags.Queued;
            }

            entry->Flags |= old->Flags & EntryFlags.Logged;
            entry->PolicyState = old->PolicyState; // what is overwritten keeps the history of its use
            shard.Table.Replace(hash, old, entry);
            shard.Count(old, -1);
            core.Forget(hash, old);
        }
        else
        {
            shard.Table.Add(hash, entry);
            if ((entry->Flags & (EntryFlags.Clean | EntryFlags.Unread)) == EntryFlags.Clean)
                entry->Flags |= EntryFlags.Brought;
        }

        SetAddress(entry, address);
        shard.Count(entry, 1);
        core.Live.Add(address, core.RecordBytes(entry));
        if ((entry->Flags & EntryFlags.HasExpiry) != 0)
            Queue(shard, hash, entry, new EntryRef(entry).ExpiresAt, queuedAt);
        core.Policy.Added(new EntryRef(entry), core.Clock);
    }

    /// <summary>Notes a record of the command that the reply waits for.</summary>
    public static void Appended(long address, ref WriteScope scope)
    {
        scope.Address = Math.Max(scope.Address, address);
        if (scope.Transaction == 0)
            return;
        if (scope.Records++ == 0)
            scope.FirstAddress = address;
    }

    /// <summary>Counts a put, and tells of it.</summary>
    public void Changed(in BlobKey key, bool isNew, EntryFlags flags, in KeyBefore before, ref WriteScope scope)
    {
        Changed(ref scope);
        if (!core.IsWatched)
            return;

        // An origin's object that is fetched for the first time was there before, for all that clients know.
        bool isClean = (flags & EntryFlags.Clean) != 0;
        if (!isClean || !isNew)
            core.Tell(key, isClean ? KeyChange.Invalidated : isNew ? KeyChange.Added : KeyChange.Replaced, before, scope.Writer);
        if (isClean)
            core.Tell(key, KeyChange.Fetched, default, scope.Writer);
    }

    public void Changed(in BlobKey key, KeyChange change, in KeyBefore before, ref WriteScope scope)
    {
        Changed(ref scope);
        if (core.IsWatched)
            core.Tell(key, change, before, scope.Writer);
    }

    public void Changed(ref WriteScope scope)
    {
        scope.Changes++;
        core.Counters.Changed();
    }

    private static bool FitsInPlace(EntryHeader* old, in BlobKey key, int valueBytes, long expiresAt)
    {
        if ((old->Flags & (EntryFlags.OnDisk | EntryFlags.Large | EntryFlags.Object)) != 0 || (expiresAt != 0) != ((old->Flags & EntryFlags.HasExpiry) != 0))
            return false;
        int bytes = EntryHeader.Bytes + key.Bytes.Length + (expiresAt != 0 ? sizeof(long) : 0) + valueBytes;
        return bytes <= SizeClasses.SlotBytesMax && SizeClasses.Of(bytes) == old->SizeClass;
    }

    private void Overwrite(
        Shard shard, ulong hash, EntryHeader* entry, BlobType type, ReadOnlySpan<byte> value, long expiresAt, EntryFlags flags, long version,
        long address)
    {
        long oldAddress = entry->Address;
        if (log != null && (oldAddress != 0 || address != 0 || entry->ValueBytes != value.Length))
        {
            core.Live.Remove(oldAddress, core.RecordBytes(entry));
            core.Live.Add(address, log.RecordBytes(entry->KeyBytes, value.Length));
        }

        long oldExpiry = new EntryRef(entry).ExpiresAt;
        entry->ValueBytes = (uint)value.Length;
        entry->Type = type;
        entry->Version = version;
        entry->Flags = flags | (entry->Flags & (EntryFlags.InUse | EntryFlags.HasExpiry | EntryFlags.Queued | EntryFlags.Logged));
        SetAddress(entry, address);
        value.CopyTo(Shard.StoredValue(entry));
        if (expiresAt != 0)
        {
            *(long*)Shard.ExpiryOf(entry) = expiresAt;
            Queue(shard, hash, entry, expiresAt, oldExpiry);
        }

        core.Policy.Added(new EntryRef(entry), core.Clock);
    }

    private void SetAddress(EntryHeader* entry, long address)
    {
        entry->Address = address;
        if (address != 0)
            entry->Flags |= EntryFlags.Logged;
        else if (log != null)
            entry->Flags |= EntryFlags.Dirty;
    }

    private static void Queue(Shard shard, ulong hash, EntryHeader* entry, long at, long queuedAt)
    {
        if ((entry->Flags & EntryFlags.Queued) == 0 || at < queuedAt)
            shard.Expiries.Add(at, hash);
        entry->Flags |= EntryFlags.Queued;
    }
}
