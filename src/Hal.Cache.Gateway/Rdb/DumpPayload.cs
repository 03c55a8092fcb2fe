using System.Buffers.Binary;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Rdb;

/// <summary>What DUMP gives and RESTORE takes: a type byte, the value, two bytes of RDB version, and a CRC64, least byte first.</summary>
internal static class DumpPayload
{
    /// <summary>Redis 7.0's version, so that it can read what is written here; 7.2 (version 11) writes strings no differently.</summary>
    private const ushort VersionWritten = 10;

    /// <summary>7.4's version, the first that has fields with times.</summary>
    private const ushort TimedVersion = 12;

    private const ushort VersionReadMax = 12;
    private const byte StringType = 0;
    private const byte TypeMax = 25;
    private const byte ModuleWithoutLengths = 8; // no value of a key has it

    /// <summary>Version and checksum.</summary>
    public const int TrailerBytes = sizeof(ushort) + sizeof(ulong);

    /// <summary>Type and the longest length.</summary>
    public const int HeaderBytesMax = 1 + RdbStrings.LengthBytesMax;

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

    public static byte[] OfCollection(ICollectionValue value)
    {
        var writer = new RdbWriter();
        RdbCollections.Write(value, writer);
        bool isTimed = value is HashValue hash && hash.NextExpiry != long.MaxValue;
        BinaryPrimitives.WriteUInt16LittleEndian(writer.GetSpan(sizeof(ushort)), isTimed ? TimedVersion : VersionWritten);
        writer.Advance(sizeof(ushort));
        BinaryPrimitives.WriteUInt64LittleEndian(writer.GetSpan(sizeof(ulong)), Crc64.Compute(writer.Written));
        writer.Advance(sizeof(ulong));
        return writer.Written.ToArray();
    }

    /// <summary>What precedes a string of so many bytes that is not compressed.</summary>
    public static byte[] HeaderOf(long length)
    {
        Span<byte> header = stackalloc byte[HeaderBytesMax];
        header[0] = StringType;
        return header[..(1 + RdbStrings.WriteLength((ulong)length, header[1..]))].ToArray();
    }

    /// <summary>Reads what precedes a string that is not compressed; false where it is anything else.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> payload, out int bytes, out long length)
    {
        ReadOnlySpan<byte> rest = payload[1..];
        bool isString = RdbStrings.TryReadLength(ref rest, out ulong announced) && payload[0] == StringType && announced <= long.MaxValue;
        (bytes, length) = (payload.Length - rest.Length, (long)announced);
        return isString;
    }

    /// <summary>The version and the checksum, which goes on from that of all before.</summary>
    public static byte[] TrailerOf(ulong crc)
    {
        byte[] trailer = new byte[TrailerBytes];
        BinaryPrimitives.WriteUInt16LittleEndian(trailer, VersionWritten);
        BinaryPrimitives.WriteUInt64LittleEndian(trailer.AsSpan(sizeof(ushort)), Crc64.Compute(trailer.AsSpan(0, sizeof(ushort)), crc));
        return trailer;
    }

    /// <summary>Whether the trailer's version can be read and its checksum is the one given, which covers the version.</summary>
    public static bool IsTrailer(ReadOnlySpan<byte> trailer, ulong crc) =>
        BinaryPrimitives.ReadUInt16LittleEndian(trailer) <= VersionReadMax && BinaryPrimitives.ReadUInt64LittleEndian(trailer[sizeof(ushort)..]) == crc;


    /// <summary>Reads a payload: a string's bytes or a collection; an error's text where that can't be done, else null.</summary>
    public static string? Read(ReadOnlySpan<byte> payload, long bytesMax, CollectionLimits limits, out byte[] text, out ICollectionValue? collection)
    {
        text = [];
        collection = null;
        const string Wrong = "ERR DUMP payload version or checksum are wrong", Malformed = "ERR Bad data format";
        if (payload.Length < TrailerBytes) return Wrong;
        ReadOnlySpan<byte> trailer = payload[^TrailerBytes..];
        if (BinaryPrimitives.ReadUInt16LittleEndian(trailer) > VersionReadMax) return Wrong;
        if (BinaryPrimitives.ReadUInt64LittleEndian(trailer[sizeof(ushort)..]) != Crc64.Compute(payload[..^sizeof(ulong)])) return Wrong;
        ReadOnlySpan<byte> body = payload[..^TrailerBytes];
        if (body.IsEmpty || body[0] > TypeMax || body[0] == ModuleWithoutLengths) return Malformed;
        if (body[0] == StringType) return RdbStrings.TryRead(body[1..], bytesMax, out text) ? null : Malformed;
        if (!RdbCollections.IsKnown(body[0])) return $"ERR values of RDB type {body[0]} can't be restored";
        collection = RdbCollections.Read(body[0], body[1..], bytesMax, limits);
        return collection is null ? Malformed : null;
    }
}
