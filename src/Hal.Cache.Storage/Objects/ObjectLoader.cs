using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Objects;

/// <summary>Brings objects back from the log into memory: the base, then its changes in their order. Without locks.</summary>
internal sealed class ObjectLoader(StoreCore core, int space, ulong hash, ReadOnlyMemory<byte> key)
{
    /// <summary>
    /// Loads the key's object if it is one and on disk; the key may have changed or gone when that completes. Reclaiming does not wait for
    /// memory, which it may be there to make. Errors: Corrupt, Unavailable, Invalid without a codec.
    /// </summary>
    public async ValueTask<CacheError?> LoadAsync(bool isReclaiming, CancellationToken cancellation)
    {
        if (core.Codec == null)
            return new CacheError(CacheErrorCode.Invalid, "the store has no codec for objects");
        while (Locate() is { } stored)
        {
            long taken = 0;
            try
            {
                if (!isReclaiming)
                {
                    await core.Room.TakeMemoryAsync(stored.LoadBytes, cancellation).ConfigureAwait(false);
                    taken = stored.LoadBytes;
                }

                Result<IObjectValue> read = await ReadAsync(stored, cancellation).ConfigureAwait(false);
                core.Room.GiveMemory(taken);
                taken = 0;
                if (read.IsOk)
                {
                    Attach(stored, read.Value);
                    return null;
                }

                if (!IsStill(stored))
                    continue; // changed, moved or gone while we read
                if (read.Error.Code != CacheErrorCode.Corrupt)
                    return read.Error;
                core.Counters.Corrupt();
                return TryDropCorrupt(stored) ? null : read.Error;
            }
            finally
            {
                core.Room.GiveMemory(taken);
                stored.Chunks?.Release();
            }
        }

        return null;
    }

    private unsafe EntryHeader* Find() => core.ShardOf(hash).Table.Find(hash, space, key.Span);

    private unsafe StoredObject? Locate()
    {
        lock (core.ShardOf(hash).Gate)
        {
            EntryHeader* entry = Find();
            const EntryFlags wanted = EntryFlags.Object | EntryFlags.OnDisk;
            if (entry == null || (entry->Flags & wanted) != wanted)
                return null;
            ObjectSlot? slot = (entry->Flags & EntryFlags.Slotted) != 0 ? core.Objects.SlotOf(entry) : null;
            LargeValue? chunks = slot != null ? slot.Chunks : (entry->Flags & EntryFlags.Large) != 0 ? core.LargeOf(entry, hash) : null;
            chunks?.Retain();
            long bytes = (chunks?.Length ?? slot?.BlobBytes ?? (long)entry->ValueBytes) + (slot?.Changes?.Bytes ?? 0);
            return new StoredObject(
                entry->Type, entry->Address, (int)core.RecordBytes(entry), chunks, slot?.IsMoved ?? false, slot?.Changes?.ToArray() ?? [], bytes);
        }
    }

    private unsafe bool IsAt(EntryHeader* entry, StoredObject stored)
    {
        if (entry == null || (entry->Flags & EntryFlags.OnDisk) == 0 || (entry->Flags & EntryFlags.Object) == 0 || entry->Address != stored.Address)
            return false;
        int changes = (entry->Flags & EntryFlags.Slotted) != 0 ? core.Objects.SlotOf(entry).Changes?.Count ?? 0 : 0;
        return changes == stored.Changes.Length;
    }

    private unsafe bool IsStill(StoredObject stored)
    {
        lock (core.ShardOf(hash).Gate)
            return IsAt(Find(), stored);
    }

    private unsafe void Attach(StoredObject stored, IObjectValue value)
    {
        lock (core.ShardOf(hash).Gate)
        {
            EntryHeader* entry = Find();
            if (!IsAt(entry, stored))
            {
                value.Free(); // somebody else was first
                return;
            }

            ObjectSlot slot = core.Objects.Unshelve(ref entry, hash);
            slot.Value = value;
            entry->Flags &= ~EntryFlags.OnDisk;
            core.Objects.Recount(slot);
            core.Packer.List(slot);
            core.Counters.Loaded();
        }
    }

    /// <summary>What can be fetched again is dropped; what a client wrote stays, as an error for whoever asks for it.</summary>
    private unsafe bool TryDropCorrupt(StoredObject stored)
    {
        lock (core.ShardOf(hash).Gate)
        {
            EntryHeader* entry = Find();
            if (!IsAt(entry, stored) || (entry->Flags & EntryFlags.Clean) == 0)
                return false;
            core.Tell(entry, hash, KeyChange.Invalidated);
            core.Unlink(hash, entry);
            return true;
        }
    }

    private async ValueTask<Result<IObjectValue>> ReadAsync(StoredObject stored, CancellationToken cancellation)
    {
        Result<IObjectValue> read = stored.Chunks == null
            ? await ReadRecordAsync(stored, cancellation).ConfigureAwait(false)
            : await ReadChunksAsync(stored, stored.Chunks, cancellation).ConfigureAwait(false);
        for (int index = 0; index < stored.Changes.Length && read.IsOk; index++)
        {
            if (await ApplyAsync(stored, index, read.Value, cancellation).ConfigureAwait(false) is not { } error)
                continue;
            read.Value.Free();
            return error;
        }

        return read;
    }

    private async ValueTask<Result<IObjectValue>> ReadRecordAsync(StoredObject stored, CancellationToken cancellation)
    {
        Result<RecordLease> read = await core.Log!.ReadAsync(stored.Address, stored.BaseRecordBytes, cancellation).ConfigureAwait(false);
        if (!read.IsOk)
            return read.Error;
        using RecordLease lease = read.Value;
        if (lease.Header.Kind != RecordKind.Value || lease.Header.Type != (byte)stored.Type
            || (!stored.IsMoved && !lease.Key.Span.SequenceEqual(key.Span)))
            return new CacheError(CacheErrorCode.Corrupt, "the object's place in the log holds another record");
        return core.Codec!.Read(stored.Type, new(lease.Value));
    }

    private async ValueTask<Result<IObjectValue>> ReadChunksAsync(StoredObject stored, LargeValue chunks, CancellationToken cancellation)
    {
        using var blob = new BlobSegments();
        for (int index = 0; index < chunks.ChunkCount; index++)
        {
            if (chunks.ChunkAt(index) is not { } chunk)
                return new CacheError(CacheErrorCode.Corrupt, $"chunk {index} of the object is missing");
            Result<int> read = await core.Chunks.ReadAsync(chunk, 0, blob.Add(chunk.Bytes), cancellation, admits: false).ConfigureAwait(false);
            if (!read.IsOk)
                return read.Error;
        }

        return core.Codec!.Read(stored.Type, blob.ToSequence());
    }

    private async ValueTask<CacheError?> ApplyAsync(StoredObject stored, int index, IObjectValue value, CancellationToken cancellation)
    {
        (long address, int recordBytes) = stored.Changes[index];
        Result<RecordLease> read = await core.Log!.ReadAsync(address, recordBytes, cancellation).ConfigureAwait(false);
        if (!read.IsOk)
            return read.Error;
        using RecordLease lease = read.Value;
        if (lease.Header.Kind != RecordKind.Change || lease.Header.A != stored.Address || lease.Header.B != index)
            return new CacheError(CacheErrorCode.Corrupt, "a change's place in the log holds another record");
        return value.TryApply(lease.Value.Span) ? null : new CacheError(CacheErrorCode.Corrupt, "a change in the log does not fit the object");
    }
}
