using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Memory;

/// <summary>A part of the key table with its own lock and memory; everything in it is used under that lock.</summary>
internal sealed unsafe class Shard(int index, KeyHash hash, PagePool pool) : IDisposable
{
    /// <summary>Most shards: one bit each in a mask.</summary>
    public const int CountMax = 64;

    public readonly Lock Gate = new();
    public readonly KeyTable Table = new(hash, pool);
    public readonly Slab Slab = new(pool);
    public readonly ExpiryQueue Expiries = new(pool);
    public readonly int[] KeysBySpace = new int[SpaceMap.SpacesMax];
    public readonly int[] ExpiringBySpace = new int[SpaceMap.SpacesMax];

    /// <summary>Place at which the next memory reclaim pass goes on.</summary>
    public int ReclaimHand;

    /// <summary>The time by which keys expire here, in Unix milliseconds; 0 for the clock's.</summary>
    public long Time;

    /// <summary>Entries that came from an origin: they leave before others, under any policy.</summary>
    public int CleanKeys;

    /// <summary>Small objects whose structures are in memory.</summary>
    public int UnpackedObjects;

    /// <summary>How often who has the lock has entered it through the store, or walks the table for others: what they have found must stay where it is.</summary>
    public int Depth;

    private long nextVersion;

    /// <summary>A version that is unique in the store and higher than all before it in this shard.</summary>
    public long NextVersion()
    {
        nextVersion += CountMax;
        return nextVersion + index;
    }

    /// <summary>The version given last.</summary>
    public long LastVersion => nextVersion + index;

    /// <summary>Lets versions go on above one that was used before.</summary>
    public void RaiseVersion(long used) => nextVersion = Math.Max(nextVersion, used / CountMax * CountMax);

    /// <summary>A new entry with its header and key filled in, not yet in the table; its value bytes are undefined.</summary>
    public EntryHeader* NewEntry(ushort space, ReadOnlySpan<byte> key, BlobType type, int valueBytes, bool inMemory, long expiresAt, EntryFlags flags)
    {
        int expiryBytes = expiresAt != 0 ? sizeof(long) : 0;
        EntryHeader* entry = Slab.Allocate(EntryHeader.Bytes + key.Length + expiryBytes + (inMemory ? valueBytes : 0));
        entry->Link = 0;
        entry->Version = 0;
        entry->Address = 0;
        entry->ValueBytes = (uint)valueBytes;
        entry->PolicyState = 0;
        entry->KeyBytes = (ushort)key.Length;
        entry->Space = space;
        entry->Type = type;
        entry->Flags = flags | EntryFlags.InUse | (expiresAt != 0 ? EntryFlags.HasExpiry : 0) | (inMemory ? 0 : EntryFlags.OnDisk);
        key.CopyTo(new Span<byte>((byte*)entry + EntryHeader.Bytes, key.Length));
        if (expiresAt != 0)
            *(long*)ExpiryOf(entry) = expiresAt;
        return entry;
    }

    /// <summary>A copy of an entry with another expiry, not queued for it, and not yet in the table.</summary>
    public EntryHeader* Redate(EntryHeader* old, long expiresAt)
    {
        bool hasValue = HasStoredValue(old->Flags);
        EntryFlags flags = (StoreCore.Kept(old->Flags) & ~EntryFlags.Queued) | (old->Flags & EntryFlags.OnDisk);
        EntryHeader* entry = NewEntry(old->Space, KeyOf(old), old->Type, (int)old->ValueBytes, hasValue, expiresAt, flags);
        StoreCore.CopyState(old, entry);
        if (hasValue)
            StoredValue(old).CopyTo(StoredValue(entry));
        return entry;
    }

    /// <summary>Whether memory behind the key holds the value, or a handle.</summary>
    public static bool HasStoredValue(EntryFlags flags) =>
        (flags & EntryFlags.OnDisk) == 0 || (flags & (EntryFlags.Large | EntryFlags.Slotted)) != 0;

    /// <summary>Bytes of an entry's memory in front of its value.</summary>
    public static int FixedBytes(EntryHeader* entry) =>
        EntryHeader.Bytes + entry->KeyBytes + ((entry->Flags & EntryFlags.HasExpiry) != 0 ? sizeof(long) : 0);

    public static byte* ExpiryOf(EntryHeader* entry) => (byte*)entry + EntryHeader.Bytes + entry->KeyBytes;

    /// <summary>The value's memory, an origin's stamp before it included.</summary>
    public static Span<byte> StoredValue(EntryHeader* entry) => new(
        ExpiryOf(entry) + ((entry->Flags & EntryFlags.HasExpiry) != 0 ? sizeof(long) : 0), (int)entry->ValueBytes);

    public static ReadOnlySpan<byte> KeyOf(EntryHeader* entry) => new((byte*)entry + EntryHeader.Bytes, entry->KeyBytes);

    public void Count(EntryHeader* entry, int sign)
    {
        KeysBySpace[entry->Space] += sign;
        if ((entry->Flags & EntryFlags.Clean) != 0)
            CleanKeys += sign;
        if ((entry->Flags & EntryFlags.HasExpiry) != 0)
            ExpiringBySpace[entry->Space] += sign;
    }

    public void Dispose() => Table.Dispose();
}
