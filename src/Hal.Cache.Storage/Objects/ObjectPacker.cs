using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Objects;

/// <summary>
/// Keeps small objects as their blobs, in their entries, but for those used last: a structure and its slot take more than twice what a small blob does.
/// A shard's unpacked objects stand in a queue; one that was used since it came to the front goes to the end again (second chance, as CLOCK does). An
/// object is packed only when a lock is about to be released, so that nobody has its structure; one with changes in the log stays as it is until a
/// base is written.
/// </summary>
internal sealed unsafe class ObjectPacker(StoreCore core, int unpackedMax)
{
    /// <summary>Least and most objects that are looked at when a lock is released: more than a command makes, and not long for who waits.</summary>
    private const int StepsMin = 4;
    private const int StepsMax = 64;

    /// <summary>Objects that are looked at under one lock where no command is behind it.</summary>
    private const int StepsPerRound = 1024;

    [ThreadStatic]
    private static BlobBuffer? blob;

    private readonly Queue<ObjectSlot>[] queues = Array.ConvertAll(core.Shards, _ => new Queue<ObjectSlot>());
    private readonly int queueMax = core.Codec == null ? int.MaxValue : unpackedMax / core.Shards.Length;

    /// <summary>The slot of an entry whose object is in memory; one that is packed is unpacked for it, and the entry stays where it is.</summary>
    public ObjectSlot Open(EntryHeader* entry)
    {
        if ((entry->Flags & EntryFlags.Slotted) != 0)
            return core.Objects.SlotOf(entry);
        Result<IObjectValue> read = core.Codec!.Unpack(entry->Type, Shard.StoredValue(entry));
        if (!read.IsOk)
            throw new InvalidOperationException($"An object can't be unpacked: {read.Error.Message}");
        var slot = new ObjectSlot { Value = read.Value, LiveBytes = core.RecordBytes(entry), BlobBytes = (int)entry->ValueBytes };
        entry->ValueBytes = sizeof(long); // a blob is no shorter
        entry->Flags |= EntryFlags.Slotted;
        core.Objects.Attach(entry, core.Hash.Of(Shard.KeyOf(entry)), slot);
        List(slot);
        return slot;
    }

    /// <summary>Has an object be packed in its turn, if it is small.</summary>
    public void List(ObjectSlot slot)
    {
        if (slot.IsListed || slot.CountedBytes > ObjectLimits.PackedMemoryBytesMax || slot.Value is not { IsPackable: true } || queueMax == int.MaxValue)
            return;
        slot.IsListed = true;
        int shard = core.ShardIndex(slot.KeyHash);
        queues[shard].Enqueue(slot);
        core.Shards[shard].UnpackedObjects++;
    }

    /// <summary>Whether more objects of a shard are unpacked than shall be.</summary>
    public bool IsOver(Shard shard) => shard.UnpackedObjects > queueMax;

    /// <summary>Packs a few of what is too much; for a command that is about to release the shard's lock and has nothing of it any more.</summary>
    public void PackSome(int shard) => Pack(shard, Math.Clamp((queues[shard].Count - queueMax) / 4, StepsMin, StepsMax));

    /// <summary>The same, looking at so many objects at most.</summary>
    public void Pack(int shard, int steps)
    {
        Queue<ObjectSlot> queue = queues[shard];
        for (; steps > 0 && queue.Count > queueMax; steps--)
        {
            ObjectSlot slot = queue.Dequeue();
            if (core.ShardIndex(Volatile.Read(ref slot.KeyHash)) != shard)
                continue; // it has a key of another shard now, and a place in that one's queue
            if (slot.IsDetached || slot.Value is not { } value)
            {
                slot.IsListed = false;
            }
            else if (slot.IsUsed || slot.IsBusy || slot.IsQueued || slot.Holds > 0)
            {
                slot.IsUsed = false;
                queue.Enqueue(slot);
            }
            else
            {
                slot.IsListed = false;
                TryPack(core.Shards[shard], slot, value);
            }
        }

        core.Shards[shard].UnpackedObjects = queue.Count;
    }

    /// <summary>Packs what is too much and was left over by commands that used many. Takes the locks.</summary>
    public void Run()
    {
        for (int index = 0; index < core.Shards.Length; index++)
        {
            if (Volatile.Read(ref core.Shards[index].UnpackedObjects) <= queueMax)
                continue;
            lock (core.Shards[index].Gate)
                Pack(index, StepsPerRound);
        }
    }

    private void TryPack(Shard shard, ObjectSlot slot, IObjectValue value)
    {
        if (!value.IsPackable || slot.CountedBytes > ObjectLimits.PackedMemoryBytesMax || slot is not { Changes: null, Chunks: null, IsMoved: false, Ticket: 0 })
            return;
        EntryHeader* entry = core.Objects.EntryOf(slot);
        bool isWritten = (entry->Flags & EntryFlags.Dirty) == 0 && entry->Address != 0;
        if ((entry->Flags & EntryFlags.Clean) != 0 || (core.AppendsAtOnce && !isWritten))
            return;
        BlobBuffer buffer = blob ??= new BlobBuffer();
        buffer.Clear();
        value.Write(buffer);

        // A record's length follows from its entry's: where the log has the object in another length, it stays as it is.
        if (buffer.Length is < sizeof(long) or > ObjectLimits.PackedMemoryBytesMax || (isWritten && buffer.Length != slot.BlobBytes))
            return;
        core.Live.Remove(entry->Address, slot.LiveBytes);
        entry = Put(shard, slot, entry, buffer.Bytes);
        core.Live.Add(entry->Address, core.RecordBytes(entry));
        core.Objects.Detach(slot);
        slot.IsDetached = true;
        core.Objects.Bury(slot);
    }

    /// <summary>Puts the blob in the place of the slot's number, in the entry's own memory where that is of the right size.</summary>
    private static EntryHeader* Put(Shard shard, ObjectSlot slot, EntryHeader* entry, ReadOnlySpan<byte> bytes)
    {
        var old = new EntryRef(entry);
        if (SizeClasses.Of(Shard.FixedBytes(entry) + bytes.Length) == entry->SizeClass)
        {
            entry->ValueBytes = (uint)bytes.Length;
            entry->Flags &= ~EntryFlags.Slotted;
            bytes.CopyTo(Shard.StoredValue(entry));
            return entry;
        }

        EntryFlags flags = StoreCore.Kept(entry->Flags) & ~EntryFlags.Slotted;
        EntryHeader* packed = shard.NewEntry(entry->Space, old.Key, entry->Type, bytes.Length, true, old.ExpiresAt, flags);
        bytes.CopyTo(Shard.StoredValue(packed));
        StoreCore.CopyState(entry, packed);
        shard.Table.Replace(slot.KeyHash, entry, packed);
        shard.Slab.Free(entry);
        return packed;
    }
}
