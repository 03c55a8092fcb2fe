using System.Runtime.InteropServices;
using Hal.Cache.Contracts;

namespace Hal.Cache.Storage.Log;

/// <summary>
/// How a record lies in the log: FasterLog's frame (the length, 4 bytes), the header, key, value, then zeros up to a multiple of 4. A
/// length of zero ends a page; no record spans two pages.
/// </summary>
internal static class RecordFormat
{
    public const int FrameBytes = 4;
    public const int PrefixBytes = FrameBytes + RecordHeader.Bytes;
    public const int Alignment = 4;

    /// <summary>FasterLog's first valid address.</summary>
    public const long FirstAddress = 64;

    public static long Bytes(long keyLength, long valueLength) => (PrefixBytes + keyLength + valueLength + Alignment - 1) & -Alignment;

    public static uint Checksum(uint seed, in RecordHeader header) =>
        Crc32C.Append(seed, MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in header, 1))[sizeof(uint)..]);

    /// <summary>The whole length of the record at the start of <paramref name="bytes"/> as its own fields tell it, or 0 when they disagree.</summary>
    public static int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < PrefixBytes)
            return 0;
        ref readonly var header = ref HeaderOf(bytes);
        var body = (long)RecordHeader.Bytes + header.KeyLength + header.ValueLength;
        var whole = Bytes(header.KeyLength, header.ValueLength);
        return MemoryMarshal.Read<int>(bytes) == body && whole <= bytes.Length ? (int)whole : 0;
    }

    /// <summary>Whether the record that <see cref="Measure"/> found has the checksum that it should.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> bytes, uint seed)
    {
        ref readonly var header = ref HeaderOf(bytes);
        var covered = (int)(RecordHeader.Bytes - sizeof(uint) + header.KeyLength + header.ValueLength);
        return header.Checksum == Crc32C.Append(seed, bytes.Slice(FrameBytes + sizeof(uint), covered));
    }

    public static ref readonly RecordHeader HeaderOf(ReadOnlySpan<byte> bytes) =>
        ref MemoryMarshal.AsRef<RecordHeader>(bytes.Slice(FrameBytes, RecordHeader.Bytes));
}
