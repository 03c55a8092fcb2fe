using System.Runtime.InteropServices;

namespace Hal.Cache.Contracts.Storage;

/// <summary>
/// The fixed part of one entry in a store's key table, in native memory: 40 bytes, followed by the key, 8 bytes of expiry where
/// <see cref="EntryFlags.HasExpiry"/> is set, and the value where it is inline.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct EntryHeader
{
    /// <summary>Size of this header, in bytes.</summary>
    public const int Bytes = 40;

    /// <summary>Next entry of the same bucket (low 48 bits) and 16 bits of this entry's hash.</summary>
    public ulong Link;

    /// <summary>Version of the value: rises with every change in the store and is never reused.</summary>
    public long Version;

    /// <summary>Address of the newest record in the log, 0 where there is none yet.</summary>
    public long Address;

    /// <summary>Length of the inline value in bytes, or of the handle where <see cref="EntryFlags.Large"/> is set.</summary>
    public uint ValueBytes;

    /// <summary>32 bits that belong to the eviction policy.</summary>
    public uint PolicyState;

    /// <summary>Length of the key, in bytes.</summary>
    public ushort KeyBytes;

    /// <summary>Number of the key space (database) that the key belongs to.</summary>
    public ushort Space;

    /// <summary>What the entry is, and where its value lies.</summary>
    public EntryFlags Flags;

    /// <summary>Type of the value.</summary>
    public BlobType Type;

    /// <summary>Size class of the memory that holds the entry; the store's own.</summary>
    public byte SizeClass;
}
