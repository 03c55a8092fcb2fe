using System.Buffers.Binary;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Rdb;

/// <summary>What DUMP gives and RESTORE takes: a type byte, the value, two bytes of RDB version, and a CRC64, least byte first.</summary>
internal static class DumpPayload
{
    /// <summary>Redis 7.0's version, so that it can read what is written here; 7.2 (version 11) writes strings no differently.</summary>
    private const ushort VersionWritten = 10;

    private const ushort VersionReadMax = 11;
    private const byte StringType = 0;
    private const byte TypeMax = 21;
    private const byte ModuleWithoutLengths = 8; // no value of a key has it
    private const int TrailerBytes = sizeof(ushort) + sizeof(ulong);

    public static byte[] OfString(ReadOnlySpan<byte> value)
    {
        byte[] payload = new byte[1 + RdbStrings.BytesMax(value.Length) + TrailerBytes];
        payload[0] = StringType;
        int length = 1 + RdbStrings.Write(value, payload.AsSpan(1));
        BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(length), VersionWritten);
        length += sizeof(ushort);
        BinaryPrimitives.WriteUInt64LittleEndian(payload.AsSpan(length), Crc64.Compute(payload.AsSpan(0, length)));
        return payload[..(length + sizeof(ulong))];
    }

    /// <summary>Reads a string's payload; an error's text in <paramref name="error"/> where that can't be done, else empty.</summary>
    public static byte[] ReadString(ReadOnlySpan<byte> payload, long bytesMax, out string error)
    {
        error = "ERR DUMP payload version or checksum are wrong";
        if (payload.Length < TrailerBytes) return [];
        ReadOnlySpan<byte> trailer = payload[^TrailerBytes..];
        if (BinaryPrimitives.ReadUInt16LittleEndian(trailer) > VersionReadMax) return [];
        if (BinaryPrimitives.ReadUInt64LittleEndian(trailer[sizeof(ushort)..]) != Crc64.Compute(payload[..^sizeof(ulong)])) return [];
        ReadOnlySpan<byte> body = payload[..^TrailerBytes];
        error = "ERR Bad data format";
        if (body.IsEmpty || body[0] > TypeMax || body[0] == ModuleWithoutLengths) return [];
        if (body[0] != StringType)
        {
            error = $"ERR values of RDB type {body[0]} can't be restored, only strings";
            return [];
        }

        if (RdbStrings.TryRead(body[1..], bytesMax, out byte[] value)) error = "";
        return value;
    }
}
