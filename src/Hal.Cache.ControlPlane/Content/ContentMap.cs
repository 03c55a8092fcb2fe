using System.Numerics;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.ControlPlane.Ownership;

namespace Hal.Cache.ControlPlane.Content;

/// <summary>
/// Keys of one ownership record with their copies: 48 bytes, a bucket of 4 to 8 bytes and the key's own for a key with one copy, 24 for each
/// further copy. Not thread-safe: its host serialises access.
/// </summary>
internal sealed class ContentMap
{
    private readonly PagedPool<KeyEntry> entries = new(KeyEntry.Bytes);
    private readonly PagedPool<Copy> copies = new(Copy.Bytes);
    private KeyArena keys = new();
    private int[] buckets = new int[16];
    private InstanceShare?[] shares = [];

    public int Keys { get; private set; }

    /// <summary>Memory that the map takes, in bytes, counted from its arrays.</summary>
    public long MemoryBytes =>
        entries.MemoryBytes + copies.MemoryBytes + keys.MemoryBytes + (buckets.Length * 4L) + (shares.Length * 8L)
        + (shares.Count(s => s is not null) * (long)InstanceShare.Bytes);

    /// <summary>One above the highest entry, for scans.</summary>
    public int End => entries.End;

    public InstanceShare? Share(int instance) => instance < shares.Length ? shares[instance] : null;

    /// <summary>The entry of a key, 0 where there is none.</summary>
    public int Find(ReadOnlySpan<byte> key, int database) => Find(key, database, (uint)EntryDigest.OfKey(key, database));

    public bool IsUsed(int entry) => entries[entry].FirstCopy != 0;

    public ReadOnlySpan<byte> Key(int entry) => keys.Get(entries[entry].KeyAt, entries[entry].KeyLength);

    public int Database(int entry) => entries[entry].Database;

    public int Slot(int entry) => entries[entry].Slot;

    /// <summary>The first copy of an entry, 0 for entry 0.</summary>
    public int FirstCopy(int entry) => entry == 0 ? 0 : entries[entry].FirstCopy;

    public ref readonly Copy CopyAt(int copy) => ref copies[copy];

    /// <summary>The copy of an instance, 0 where it has none.</summary>
    public int CopyOf(int entry, int instance)
    {
        var copy = FirstCopy(entry);
        while (copy != 0 && copies[copy].Instance != instance) copy = copies[copy].Next;
        return copy;
    }

    /// <summary>Notes that an instance holds a key.</summary>
    public CopyChange Set(int instance, ReadOnlySpan<byte> key, int database, int slot, long sizeBytes, long version)
    {
        var hash = EntryDigest.OfKey(key, database);
        var inRecord = slot % HashSlot.PerRecord;
        var share = ShareFor(instance);
        var entry = Find(key, database, (uint)hash);
        if (entry == 0) entry = AddEntry(key, database, inRecord, (uint)hash);

        var copy = CopyOf(entry, instance);
        var before = -1L;
        if (copy == 0)
        {
            copy = copies.Take();
            copies[copy] = new Copy { Instance = (ushort)instance, Next = entries[entry].FirstCopy };
            entries[entry].FirstCopy = copy;
        }
        else
        {
            before = copies[copy].SizeBytes;
            share.Count(inRecord, EntryDigest.Of(hash, before, copies[copy].Version), before, -1);
        }

        ref var held = ref copies[copy];
        (held.SizeBytes, held.Version, held.Told) = (sizeBytes, version, share.Repair);
        share.Count(inRecord, EntryDigest.Of(hash, sizeBytes, version), sizeBytes, 1);
        return new CopyChange(before, sizeBytes);
    }

    /// <summary>Notes that an instance does not hold a key.</summary>
    public CopyChange Remove(int instance, ReadOnlySpan<byte> key, int database)
    {
        var entry = Find(key, database);
        var copy = CopyOf(entry, instance);
        return copy == 0 ? new CopyChange(-1, -1) : new CopyChange(Drop(entry, copy), -1);
    }

    /// <summary>Begins a repair of slots (a bit each); one that is under way is given up.</summary>
    public void BeginRepair(int instance, ulong slots)
    {
        if (slots == 0 && Share(instance) is null) return;
        var share = ShareFor(instance);
        share.Repair++;
        share.Repairing = slots;
    }

    /// <summary>
    /// Ends a repair: what was not told since its begin is dropped. Answers the bytes dropped, and adds the keys to the list while it has
    /// fewer than the event log keeps.
    /// </summary>
    public long EndRepair(int instance, List<CacheKey> dropped)
    {
        if (Share(instance) is not { Repairing: not 0 } share) return 0;
        var bytes = 0L;
        for (var entry = 1; entry < entries.End; entry++)
        {
            if ((share.Repairing >> entries[entry].Slot & 1) == 0) continue;
            var copy = CopyOf(entry, instance);
            if (copy == 0 || copies[copy].Told == share.Repair) continue;
            if (dropped.Count < ControlPlaneLimits.EventLogKeysMax) dropped.Add(new CacheKey(Key(entry).ToArray(), Database(entry)));
            bytes += Drop(entry, copy);
        }
        share.Repairing = 0;
        return bytes;
    }

    /// <summary>Drops everything of an instance, and its share.</summary>
    public void DropInstance(int instance)
    {
        if (Share(instance) is not { } share) return;
        for (var entry = 1; entry < entries.End && share.Keys > 0; entry++)
        {
            var copy = CopyOf(entry, instance);
            if (copy != 0) Drop(entry, copy);
        }
        shares[instance] = null;
    }

    private int Find(ReadOnlySpan<byte> key, int database, uint hash)
    {
        var entry = buckets[hash & (uint)(buckets.Length - 1)];
        while (entry != 0)
        {
            ref var at = ref entries[entry];
            if (at.Hash == hash && at.Database == database && at.KeyLength == key.Length && keys.Get(at.KeyAt, at.KeyLength).SequenceEqual(key))
                return entry;
            entry = at.Next;
        }
        return 0;
    }

    private int AddEntry(ReadOnlySpan<byte> key, int database, int slot, uint hash)
    {
        if (Keys >= buckets.Length) Rehash(buckets.Length * 2);
        var entry = entries.Take();
        ref var bucket = ref buckets[hash & (uint)(buckets.Length - 1)];
        entries[entry] = new KeyEntry
        {
            Hash = hash,
            Next = bucket,
            KeyAt = keys.Add(key),
            KeyLength = (ushort)key.Length,
            Database = (ushort)database,
            Slot = (byte)slot,
        };
        bucket = entry;
        Keys++;
        return entry;
    }

    // Returns the size that the copy had.
    private long Drop(int entry, int copy)
    {
        ref var at = ref entries[entry];
        ref var held = ref copies[copy];
        var size = held.SizeBytes;
        var hash = EntryDigest.OfKey(Key(entry), at.Database);
        shares[held.Instance]!.Count(at.Slot, EntryDigest.Of(hash, size, held.Version), size, -1);

        if (at.FirstCopy == copy)
        {
            at.FirstCopy = held.Next;
        }
        else
        {
            var before = at.FirstCopy;
            while (copies[before].Next != copy) before = copies[before].Next;
            copies[before].Next = held.Next;
        }
        copies.Return(copy);
        if (at.FirstCopy == 0) RemoveEntry(entry);
        return size;
    }

    private void RemoveEntry(int entry)
    {
        ref var at = ref entries[entry];
        ref var bucket = ref buckets[at.Hash & (uint)(buckets.Length - 1)];
        if (bucket == entry)
        {
            bucket = at.Next;
        }
        else
        {
            var before = bucket;
            while (entries[before].Next != entry) before = entries[before].Next;
            entries[before].Next = at.Next;
        }
        keys.Free(at.KeyLength);
        entries.Return(entry);
        Keys--;
        if (keys.IsMostlyFreed) CopyKeys();
        if (buckets.Length > 64 && Keys < buckets.Length / 4) Rehash((int)BitOperations.RoundUpToPowerOf2((uint)Keys + 1));
    }

    private void CopyKeys()
    {
        var next = new KeyArena();
        for (var entry = 1; entry < entries.End; entry++)
        {
            ref var at = ref entries[entry];
            if (at.FirstCopy != 0) at.KeyAt = next.Add(keys.Get(at.KeyAt, at.KeyLength));
        }
        keys = next;
    }

    private void Rehash(int size)
    {
        buckets = new int[size];
        for (var entry = 1; entry < entries.End; entry++)
        {
            ref var at = ref entries[entry];
            if (at.FirstCopy == 0) continue;
            ref var bucket = ref buckets[at.Hash & (uint)(size - 1)];
            at.Next = bucket;
            bucket = entry;
        }
    }

    private InstanceShare ShareFor(int instance)
    {
        if (instance >= shares.Length) Array.Resize(ref shares, Math.Max(instance + 1, shares.Length * 2));
        return shares[instance] ??= new InstanceShare();
    }
}
