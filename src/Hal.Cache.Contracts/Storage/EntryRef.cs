using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hal.Cache.Contracts.Storage;

/// <summary>An entry of the key table; valid only while the caller holds the lock of the key's shard.</summary>
public readonly unsafe struct EntryRef : IEquatable<EntryRef>
{
    /// <summary>What is behind a copied object's slot number: its stamp, and the count of its reads.</summary>
    public const int CopiedObjectTrailerBytes = OriginStamp.Bytes + sizeof(long);

    private readonly EntryHeader* header;

    public EntryRef(EntryHeader* header) => this.header = header;

    /// <summary>True where there is no entry.</summary>
    public bool IsNone => header == null;

    public EntryHeader* Header => header;

    public long Version => header->Version;

    public BlobType Type => header->Type;

    public EntryFlags Flags => header->Flags;

    public int Space => header->Space;

    /// <summary>Address of the newest record in the log, 0 where there is none yet.</summary>
    public long Address => header->Address;

    /// <summary>True where the value is a string in chunks; an object's blob may lie in chunks too, which is the store's own affair.</summary>
    public bool IsLarge => (header->Flags & (EntryFlags.Large | EntryFlags.Object)) == EntryFlags.Large;

    /// <summary>True where the value is an <see cref="IObjectValue"/>.</summary>
    public bool IsObject => (header->Flags & EntryFlags.Object) != 0;

    /// <summary>True where the value must be loaded from the log before it can be read.</summary>
    public bool IsOnDisk => (header->Flags & EntryFlags.OnDisk) != 0;

    /// <summary>32 bits that belong to the eviction policy.</summary>
    public ref uint PolicyState => ref header->PolicyState;

    public ReadOnlySpan<byte> Key => new((byte*)header + EntryHeader.Bytes, header->KeyBytes);

    /// <summary>Expiry in Unix milliseconds, 0 for never.</summary>
    public long ExpiresAt =>
        (header->Flags & EntryFlags.HasExpiry) != 0 ? Unsafe.ReadUnaligned<long>((byte*)header + EntryHeader.Bytes + header->KeyBytes) : 0;

    /// <summary>Length of the inline value in bytes, told even where it is on disk; of a large value ask <see cref="ILargeValue"/>.</summary>
    public int ValueLength => (int)header->ValueBytes - StampBytes(header->Flags);

    /// <summary>Where the entry is a copy with an inline value or an object, in memory: its stamp, kept before the value or behind the object's slot number.</summary>
    public OriginStamp ReadStamp()
    {
        long* stamp = (long*)Stamp();
        return new((ulong)Unsafe.ReadUnaligned<long>(stamp), Unsafe.ReadUnaligned<long>(stamp + 1), Unsafe.ReadUnaligned<long>(stamp + 2));
    }

    /// <summary>Notes that the stamp of an inline value was found to be current.</summary>
    public void WriteValidatedAt(long unixMilliseconds) => Unsafe.WriteUnaligned((long*)Stamp() + 1, unixMilliseconds);

    /// <summary>Gives an inline value or a copied object another stamp.</summary>
    public void WriteStamp(OriginStamp stamp) => stamp.Write(new Span<byte>(Stamp(), OriginStamp.Bytes));

    /// <summary>Where the entry is a copied object: how often it was read since it came, kept behind its stamp.</summary>
    public ref long CopyReads => ref Unsafe.AsRef<long>(Stamp() + OriginStamp.Bytes);

    /// <summary>Notes whether the registration in a copy's stamp has ended.</summary>
    public void MarkSuspect(bool isSuspect) =>
        header->Flags = isSuspect ? header->Flags | EntryFlags.Suspect : header->Flags & ~EntryFlags.Suspect;

    /// <summary>Notes, until it is written or leaves memory, that the string is one of its own to Redis's clients; no version of it.</summary>
    public void MarkRaw() => header->Flags |= EntryFlags.Raw;

    /// <summary>Notes that a copy was read that one of this instance's clients wrote.</summary>
    public void MarkRead() => header->Flags &= ~EntryFlags.Unread;

    /// <summary>The inline value; empty where it is on disk; meaningless for a large value or an object.</summary>
    public Span<byte> Value
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            EntryFlags flags = header->Flags;
            if ((flags & EntryFlags.OnDisk) != 0)
                return default;
            int offset = EntryHeader.Bytes + header->KeyBytes + ExpiryBytes(flags);
            int besides = StampBytes(flags);
            if ((flags & EntryFlags.Object) == 0)
                offset += besides;
            return MemoryMarshal.CreateSpan(ref *((byte*)header + offset), (int)header->ValueBytes - besides);
        }
    }

    // A string's stamp is before it, where a look at the key has brought it to the processor's cache: a read looks at it before it copies the value.
    private byte* Stamp() =>
        (byte*)header + EntryHeader.Bytes + header->KeyBytes + ExpiryBytes(header->Flags) + ((header->Flags & EntryFlags.Object) != 0 ? ValueLength : 0);

    private static int ExpiryBytes(EntryFlags flags) => (flags & EntryFlags.HasExpiry) != 0 ? sizeof(long) : 0;

    private static int StampBytes(EntryFlags flags)
    {
        if ((flags & EntryFlags.Clean) == 0)
            return 0;
        if ((flags & EntryFlags.Object) != 0)
            return (flags & EntryFlags.Slotted) != 0 ? CopiedObjectTrailerBytes : 0;
        return (flags & EntryFlags.Large) == 0 ? OriginStamp.Bytes : 0;
    }

    public bool Equals(EntryRef other) => header == other.header;

    public override bool Equals(object? obj) => obj is EntryRef other && Equals(other);

    public override int GetHashCode() => ((nint)header).GetHashCode();

    public static bool operator ==(EntryRef left, EntryRef right) => left.Equals(right);

    public static bool operator !=(EntryRef left, EntryRef right) => !left.Equals(right);
}
