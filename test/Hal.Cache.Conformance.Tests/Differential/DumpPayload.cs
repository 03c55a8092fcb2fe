using System.Buffers.Binary;

namespace Hal.Cache.Conformance.Tests.Differential;

/// <summary>The frame of a DUMP payload: body, RDB version (2 bytes), CRC64 of both (8 bytes, Jones polynomial), little-endian.</summary>
internal static class DumpPayload
{
    public const int FooterBytes = 10;

    private const ulong ReflectedPolynomial = 0x95AC9329AC4BC9B5; // 0xAD93D23594C935A9, bits reversed

    /// <summary>The serialised value without its footer.</summary>
    public static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> payload) => payload[..^FooterBytes];

    public static int Version(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt16LittleEndian(payload[^FooterBytes..]);

    /// <summary>Whether the payload is long enough and its checksum is right.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> payload) =>
        payload.Length > FooterBytes && BinaryPrimitives.ReadUInt64LittleEndian(payload[^8..]) == Checksum(payload[..^8]);

    /// <summary>The same body in a frame of another RDB version.</summary>
    public static byte[] WithVersion(ReadOnlySpan<byte> payload, int version)
    {
        var copy = payload.ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(copy.AsSpan(copy.Length - FooterBytes), (ushort)version);
        BinaryPrimitives.WriteUInt64LittleEndian(copy.AsSpan(copy.Length - 8), Checksum(copy.AsSpan(0, copy.Length - 8)));
        return copy;
    }

    public static ulong Checksum(ReadOnlySpan<byte> bytes)
    {
        ulong crc = 0;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ ReflectedPolynomial;
        }

        return crc;
    }
}
