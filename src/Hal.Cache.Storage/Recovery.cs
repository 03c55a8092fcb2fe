using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;
using Hal.Cache.Storage.Log;
using Hal.Cache.Storage.Memory;
using Hal.Cache.Storage.Objects;

namespace Hal.Cache.Storage;

/// <summary>
/// Builds the key table from the log at the start, from its first record to its last: a later record of a key replaces an earlier one,
/// and the records of an atomic change count when its last one is there. Values stay in the log until they are read.
/// </summary>
internal sealed unsafe class Recovery(StoreCore core, SpaceLog spaces) : IRecordVisitor
{
    private readonly Dictionary<long, (long Address, int Bytes)> chunks = [];
    private readonly Dictionary<long, List<PendingRecord>> transactions = [];
    private readonly List<LargeValue> values = [];
    private readonly ObjectRecovery objects = new(core);
    private long highestVersion;
    private long highestId;
    private bool knowsMap; // not before the first one where the log's old end, and the maps there, were truncated

    public void Run()
    {
        IRecordLog log = core.Log!;
        knowsMap = log.BeginAddress <= RecordFormat.FirstAddress;
        log.Scan(log.BeginAddress, log.TailAddress, this);
        foreach (Shard shard in core.Shards)
            shard.RaiseVersion(highestVersion);
        core.Chunks.RaiseIds(highestId);
        AttachChunks();
        Drop(Array.ConvertAll(Mapped(), isMapped => !isMapped));
        core.Damage.Tell();
    }

    public bool Visit(long address, in RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        highestVersion = Math.Max(highestVersion, header.Version);
        highestId = Math.Max(highestId, header.Transaction);
        if (header.Kind == RecordKind.Note && value.Length > 0 && knowsMap && (header.Flags & EntryRecords.IsRelocated) == 0)
            Drop(NewIn(value)); // what came to a space behind the map that took it away must not be its next database's
        if (header.Transaction == 0)
        {
            Apply(address, header, key, value);
            return true;
        }

        if (!transactions.TryGetValue(header.Transaction, out List<PendingRecord>? pending))
            transactions[header.Transaction] = pending = [];
        if ((header.Flags & EntryRecords.EndsTransaction) == 0)
        {
            pending.Add(new(address, header, key.ToArray(), value.Length, header.Kind is RecordKind.Manifest or RecordKind.Move or RecordKind.Note ? value.ToArray() : []));
            return true;
        }

        // The change is whole, or its first records lie before what reclaiming has truncated: then it was whole once, and took effect.
        bool whole = pending.Count >= header.A || header.B < core.Log!.BeginAddress;
        foreach (PendingRecord record in whole ? pending : [])
            Apply(record.Address, record.Header, record.Key, record.Value, record.ValueBytes);
        transactions.Remove(header.Transaction);
        return true;
    }

    public void Damaged(long address, long bytes)
    {
        core.Counters.Corrupt();
        core.Damage.Found(address, atStart: true);
    }

    private void Apply(long address, in RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        Apply(address, header, key, value, value.Length);

    private void Apply(long address, in RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, int valueBytes)
    {
        switch (header.Kind)
        {
            case RecordKind.Value:
                AddValue(address, header, key, valueBytes);
                break;
            case RecordKind.Manifest:
                AddLarge(address, header, key, value);
                break;
            case RecordKind.Chunk:
                highestId = Math.Max(highestId, header.A);
                chunks[header.A] = (address, valueBytes);
                core.Chunks.Records!.Add(address, header.A, valueBytes);
                break;
            case RecordKind.Delete:
                Remove(header.Space, key);
                break;
            case RecordKind.Expiry:
                SetExpiry(header, key);
                break;
            case RecordKind.Change:
                objects.AddChange(address, header, key, valueBytes);
                break;
            case RecordKind.Move:
                if (!objects.IsWrittenSince(header, key))
                {
                    Remove(header.Space, key);
                    objects.Move(header, key, value);
                }
                else
                {
                    Remove((ushort)header.B, value);
                }

                break;
            case RecordKind.Note when value.Length > 0:
                spaces.Recovered(address, value.ToArray());
                bool[] before = Mapped();
                core.Spaces.Load(value);
                if (knowsMap)
                    Drop(Array.ConvertAll(Mapped(), isMapped => !isMapped).Zip(before, (isFree, was) => isFree && was).ToArray());
                knowsMap = true;
                break;
        }
    }

    private void AddValue(long address, in RecordHeader header, ReadOnlySpan<byte> key, int valueBytes)
    {
        Remove(header.Space, key);
        ulong hash = core.Hash.Of(key);
        EntryHeader* entry = core.ShardOf(hash).NewEntry(
            header.Space, key, (BlobType)header.Type, valueBytes, false, header.ExpiresAt, EntryRecords.EntryFlagsOf(header));
        Add(address, header, hash, entry);
    }

    private void AddLarge(long address, in RecordHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> manifest)
    {
        Remove(header.Space, key);
        ulong hash = core.Hash.Of(key);
        LargeValue value = EntryRecords.ReadManifest(header, manifest, core.Chunks, core.Room);
        foreach (long id in value.Ids)
            highestId = Math.Max(highestId, id + (value.Ids.Length == 1 ? value.ChunkCount : 0));
        EntryFlags flags = EntryRecords.EntryFlagsOf(header);
        EntryHeader* entry = core.ShardOf(hash).NewEntry(
            header.Space, key, (BlobType)header.Type, sizeof(long), true, header.ExpiresAt,
            flags | EntryFlags.Large | ((flags & EntryFlags.Object) != 0 ? EntryFlags.OnDisk : 0));
        BitConverter.TryWriteBytes(Shard.StoredValue(entry), (long)core.TakeHandle(hash, value));
        values.Add(value);
        Add(address, header, hash, entry);
    }

    private void Add(long address, in RecordHeader header, ulong hash, EntryHeader* entry)
    {
        Shard shard = core.ShardOf(hash);
        entry->Version = header.Version;
        entry->Address = address;
        entry->PolicyState = header.PolicyState;
        entry->Flags |= EntryFlags.Logged;
        shard.Table.Add(hash, entry);
        shard.Count(entry, 1);
        core.Live.Add(address, core.RecordBytes(entry));
        if (header.ExpiresAt != 0)
        {
            entry->Flags |= EntryFlags.Queued;
            shard.Expiries.Add(header.ExpiresAt, hash);
        }

        core.Policy.Added(new EntryRef(entry), core.Clock);
    }

    private void Remove(ushort space, ReadOnlySpan<byte> key)
    {
        ulong hash = core.Hash.Of(key);
        EntryHeader* entry = core.ShardOf(hash).Table.Find(hash, space, key);
        if (entry != null)
            core.Unlink(hash, entry);
    }

    private void SetExpiry(in RecordHeader header, ReadOnlySpan<byte> key)
    {
        ulong hash = core.Hash.Of(key);
        Shard shard = core.ShardOf(hash);
        EntryHeader* old = shard.Table.Find(hash, header.Space, key);
        if (old == null)
            return;
        EntryHeader* entry = shard.Redate(old, header.ExpiresAt);
        entry->Version = header.Version;
        shard.Count(old, -1);
        shard.Count(entry, 1);
        shard.Table.Replace(hash, old, entry);
        shard.Slab.Free(old);
        if (header.ExpiresAt == 0)
            return;
        entry->Flags |= EntryFlags.Queued;
        shard.Expiries.Add(header.ExpiresAt, hash);
    }

    /// <summary>Gives each large value the chunks that the log has; a value that a client wrote needs all of them.</summary>
    private void AttachChunks()
    {
        foreach (LargeValue value in values)
        {
            for (int index = 0; index < value.ChunkCount && !value.IsDropped; index++)
            {
                long id = value.Ids.Length == 1 ? value.Ids[0] + index : value.Ids[index];
                Chunk? chunk = core.Chunks.Find(id);
                if (chunk == null && chunks.TryGetValue(id, out (long Address, int Bytes) at) && at.Bytes == value.BytesOf(index))
                    chunk = core.Chunks.AddRecovered(id, at.Bytes, at.Address);
                if (chunk != null)
                    value.TryAttach(index, chunk);
            }

            if (!value.IsDropped && value.Origin == null && value.ChunksPresent < value.ChunkCount && core.HolderOf(value, value.KeyHash) is var entry && entry != null)
            {
                core.Counters.Corrupt();
                core.Unlink(value.KeyHash, entry);
            }

            value.Release(); // the entry holds it now
        }
    }

    /// <summary>Spaces that are a database's now.</summary>
    private bool[] Mapped()
    {
        var mapped = new bool[SpaceMap.SpacesMax];
        for (int database = 0; database < IBlobStore.Databases; database++)
            mapped[core.Spaces.SpaceOf(database)] = true;
        return mapped;
    }

    /// <summary>Spaces that a map gives to a database, and that are nobody's now.</summary>
    private bool[] NewIn(ReadOnlySpan<byte> map)
    {
        bool[] mapped = Mapped();
        var isNew = new bool[SpaceMap.SpacesMax];
        for (int space = 0; space < isNew.Length; space++)
            isNew[space] = !mapped[space] && SpaceMap.Has(map, space);
        return isNew;
    }

    /// <summary>Removes the entries of some spaces.</summary>
    private void Drop(bool[] spaces)
    {
        foreach (Shard shard in core.Shards)
        {
            bool any = false;
            for (int space = 0; space < spaces.Length && !any; space++)
                any = spaces[space] && shard.KeysBySpace[space] > 0;
            if (!any)
                continue;
            var all = new List<nint>();
            ulong place = 0;
            do
            {
                place = shard.Table.ScanAll(place, all);
            }
            while (place != 0);
            foreach (nint at in all)
            {
                var entry = (EntryHeader*)at;
                if (spaces[entry->Space])
                    core.Unlink(core.Hash.Of(Shard.KeyOf(entry)), entry);
            }
        }
    }

    private sealed record PendingRecord(long Address, RecordHeader Header, byte[] Key, int ValueBytes, byte[] Value);
}
