using System.Buffers.Binary;
using System.Numerics;

namespace Hal.Cache.Node.Tree.Collections;

/// <summary>The checksum of a collection's blob as a whole: CRC-32C (RFC 3720, appendix B.4), by the processor's instruction.</summary>
internal static class BlobChecksum
{
    public static uint Of(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>The checksum of bytes behind a part whose checksum is known; 0 for the first part.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        uint crc = ~checksum;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte each in bytes)
            crc = BitOperations.Crc32C(crc, each);
        return ~crc;
    }
}
