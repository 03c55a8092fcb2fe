using System.Buffers.Binary;

namespace Hal.Cache.Resp;

/// <summary>CRC-64 with Jones's polynomial, reflected, as Redis ends its DUMP payloads and RDB files; eight bytes a step.</summary>
public static class Crc64
{
    // 0xad93d23594c935a9 with its bits reversed.
    private const ulong Polynomial = 0x95ac9329ac4bc9b5;
    private const int Lanes = 8;

    // Lane n, entry b: the checksum of byte b followed by n zero bytes.
    private static readonly ulong[] Tables = MakeTables();

    /// <summary>The checksum of the bytes, going on from the checksum of those before them (0 at the start).</summary>
    public static ulong Compute(ReadOnlySpan<byte> bytes, ulong crc = 0)
    {
        var tables = Tables;
        while (bytes.Length >= Lanes)
        {
            crc ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            crc = tables[(7 * 256) + (byte)crc]
                ^ tables[(6 * 256) + (byte)(crc >> 8)]
                ^ tables[(5 * 256) + (byte)(crc >> 16)]
                ^ tables[(4 * 256) + (byte)(crc >> 24)]
                ^ tables[(3 * 256) + (byte)(crc >> 32)]
                ^ tables[(2 * 256) + (byte)(crc >> 40)]
                ^ tables[256 + (byte)(crc >> 48)]
                ^ tables[(int)(crc >> 56)];
            bytes = bytes[Lanes..];
        }

        foreach (var b in bytes) crc = tables[(byte)crc ^ b] ^ (crc >> 8);
        return crc;
    }

    private static ulong[] MakeTables()
    {
        var tables = new ulong[Lanes * 256];
        for (var i = 0; i < 256; i++)
        {
            var crc = (ulong)i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ Polynomial : crc >> 1;
            tables[i] = crc;
        }

        for (var i = 256; i < tables.Length; i++)
        {
            var shorter = tables[i - 256];
            tables[i] = tables[(byte)shorter] ^ (shorter >> 8);
        }

        return tables;
    }
}
