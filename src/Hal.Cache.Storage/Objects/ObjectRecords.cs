using System.Buffers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;

namespace Hal.Cache.Storage.Objects;

/// <summary>
/// How objects become records of the log. A change names its base by address and its place among the changes, so that recovery never puts
/// one on another state than the one it was made on. Needs the lock of the entry's shard.
/// </summary>
internal sealed unsafe class ObjectRecords(StoreCore core)
{
    /// <summary>Whether a structure is written under its shard's lock.</summary>
    public static bool IsSmall(IObjectValue value) => value.MemoryBytes <= ObjectLimits.SmallBytesMax;

    /// <summary>Appends the whole structure as the entry's value; changes nothing else.</summary>
    public BaseStatus TryAppendBase(EntryHeader* entry, IObjectValue value, long transaction, out long address, out int blobBytes)
    {
        using var blob = new BlobBuffer();
        value.Write(blob);
        (address, blobBytes) = (0, blob.Length);
        if (blob.Length > ObjectLimits.RecordBlobBytesMax || core.Log!.RecordBytes(entry->KeyBytes, blob.Length) > core.Log.RecordBytesMax)
            return BaseStatus.TooLong;
        RecordHeader header = EntryRecords.HeaderOf(entry);
        header.Transaction = transaction;
        return core.Log.TryAppend(ref header, Shard.KeyOf(entry), blob.Bytes, out address) ? BaseStatus.Done : BaseStatus.Full;
    }

    /// <summary>Appends the manifest of a base whose chunks are in the log.</summary>
    public bool TryAppendManifest(EntryHeader* entry, LargeValue chunks, out long address)
    {
        RecordHeader header = EntryRecords.HeaderOf(entry);
        (header.Kind, header.B) = (RecordKind.Manifest, chunks.Length);
        int length = EntryRecords.ManifestBytes(chunks);
        byte[] manifest = ArrayPool<byte>.Shared.Rent(length);
        EntryRecords.WriteManifest(chunks, manifest.AsSpan(0, length));
        bool done = core.Log!.TryAppend(ref header, Shard.KeyOf(entry), manifest.AsSpan(0, length), out address);
        ArrayPool<byte>.Shared.Return(manifest);
        return done;
    }

    public bool TryAppendChange(EntryHeader* entry, ObjectSlot slot, ReadOnlySpan<byte> change, long transaction, out long address)
    {
        var header = new RecordHeader
        {
            Kind = RecordKind.Change, Space = entry->Space, Version = entry->Version, Transaction = transaction, Type = (byte)entry->Type,
            A = entry->Address, B = slot.Changes?.Count ?? 0,
        };
        return core.Log!.TryAppend(ref header, Shard.KeyOf(entry), change, out address);
    }

    /// <summary>Appends that a key has got the object of another one, which is gone.</summary>
    public bool TryAppendMove(EntryHeader* from, ReadOnlySpan<byte> key, ushort space, long version, long transaction, out long address)
    {
        var header = new RecordHeader
        {
            Kind = RecordKind.Move, Space = space, Version = version, Transaction = transaction, Type = (byte)from->Type,
            A = from->Address, B = from->Space,
        };
        return core.Log!.TryAppend(ref header, key, Shard.KeyOf(from), out address);
    }
}
