using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Storage.Objects;

namespace Hal.Cache.Storage;

/// <summary>Brings inline values, and objects through their own loader, back from the log into memory.</summary>
internal static class ValueLoader
{
    public static async ValueTask<CacheError?> LoadAsync(StoreCore core, int database, ReadOnlyMemory<byte> key, CancellationToken cancellation)
    {
        ulong hash = core.Hash.Of(key.Span);
        while (true)
        {
            if (!Locate(core, database, hash, key.Span, out long address, out int valueBytes, out int objectSpace))
                return null;
            if (objectSpace >= 0)
                return await new ObjectLoader(core, objectSpace, hash, key).LoadAsync(isReclaiming: false, cancellation).ConfigureAwait(false);
            await core.Room.MakeMemoryAsync(valueBytes, cancellation).ConfigureAwait(false);
            Result<RecordLease> read =
                await core.Log!.ReadAsync(address, core.Log.RecordBytes(key.Length, valueBytes), cancellation).ConfigureAwait(false);
            if (!read.IsOk)
            {
                if (!Locate(core, database, hash, key.Span, out long now, out _, out _) || now != address)
                    continue; // moved, changed or gone while we read
                if (read.Error.Code != CacheErrorCode.Corrupt)
                    return read.Error;
                core.Counters.Corrupt();
                return DropCorrupt(core, database, hash, key.Span, address) ? null : read.Error;
            }

            using RecordLease lease = read.Value;
            if (lease.Header.Kind != RecordKind.Value || !lease.Key.Span.SequenceEqual(key.Span))
            {
                if (Locate(core, database, hash, key.Span, out long now, out _, out _) && now == address)
                    return new CacheError(CacheErrorCode.Corrupt, "the value's place in the log holds another record");
                continue;
            }

            Store(core, database, hash, key.Span, address, lease.Value.Span);
            return null;
        }
    }

    /// <summary>Whether the entry is there without its value in memory, and where its record is; for an object its space, else -1.</summary>
    private static unsafe bool Locate(
        StoreCore core, int database, ulong hash, ReadOnlySpan<byte> key, out long address, out int valueBytes, out int objectSpace)
    {
        Shard shard = core.ShardOf(hash);
        lock (shard.Gate)
        {
            EntryHeader* entry = shard.Table.Find(hash, core.Spaces.SpaceOf(database), key);
            bool onDisk = entry != null && (entry->Flags & EntryFlags.OnDisk) != 0;
            (address, valueBytes) = onDisk ? (entry->Address, (int)entry->ValueBytes) : (0, 0);
            objectSpace = onDisk && (entry->Flags & EntryFlags.Object) != 0 ? entry->Space : -1;
            return onDisk;
        }
    }

    private static unsafe void Store(StoreCore core, int database, ulong hash, ReadOnlySpan<byte> key, long address, ReadOnlySpan<byte> value)
    {
        Shard shard = core.ShardOf(hash);
        lock (shard.Gate)
        {
            EntryHeader* entry = shard.Table.Find(hash, core.Spaces.SpaceOf(database), key);
            if (entry != null && (entry->Flags & EntryFlags.OnDisk) != 0 && (entry->Flags & EntryFlags.Object) == 0
                && entry->Address == address && entry->ValueBytes == value.Length)
                core.Load(hash, entry, value);
        }
    }

    /// <summary>An origin's object is dropped and read anew; what a client wrote stays, as an error for whoever asks for it.</summary>
    private static unsafe bool DropCorrupt(StoreCore core, int database, ulong hash, ReadOnlySpan<byte> key, long address)
    {
        Shard shard = core.ShardOf(hash);
        lock (shard.Gate)
        {
            EntryHeader* entry = shard.Table.Find(hash, core.Spaces.SpaceOf(database), key);
            if (entry == null || entry->Address != address || (entry->Flags & EntryFlags.Clean) == 0)
                return false;
            core.Tell(entry, hash, KeyChange.Invalidated);
            core.Unlink(hash, entry);
            return true;
        }
    }
}
