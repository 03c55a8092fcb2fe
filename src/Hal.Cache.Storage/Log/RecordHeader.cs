using System.Runtime.InteropServices;

namespace Hal.Cache.Storage.Log;

/// <summary>The 64 bytes before each record's key and value, little-endian, exactly as they lie on disk.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1, Size = Bytes)]
internal struct RecordHeader
{
    public const int Bytes = 64;

    /// <summary>CRC32C, begun with the store's seed, of all that follows: the header's other 60 bytes, key, value. The log fills it.</summary>
    public uint Checksum;

    public RecordKind Kind;
    public byte Flags;
    public ushort Space;

    public long Version;

    /// <summary>Unix time in milliseconds; what 0 means is the store's business.</summary>
    public long ExpiresAt;

    /// <summary>Ties the records of one atomic change together; 0 for a record that stands alone.</summary>
    public long Transaction;

    /// <summary>Length in bytes; the log fills it.</summary>
    public uint KeyLength;

    /// <summary>Length in bytes; the log fills it.</summary>
    public uint ValueLength;

    public byte Type;
    public byte Encoding;
    public ushort Reserved;
    public uint PolicyState;

    /// <summary>Meaning by kind, such as a chunk's number.</summary>
    public long A;

    /// <summary>Meaning by kind, such as an object's whole length.</summary>
    public long B;
}
