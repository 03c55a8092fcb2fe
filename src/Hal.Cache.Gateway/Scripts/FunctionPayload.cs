using System.Buffers.Binary;
using Hal.Cache.Gateway.Rdb;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Scripts;

/// <summary>What FUNCTION DUMP gives and FUNCTION RESTORE takes: RDB's records of libraries, a version, and a CRC64.</summary>
internal static class FunctionPayload
{
    private const byte Record = 245; // RDB's mark of a library's text
    private const ushort VersionWritten = 10;

    public static byte[] Write(IEnumerable<FunctionLibrary> libraries)
    {
        var payload = new List<byte>();
        foreach (FunctionLibrary library in libraries)
        {
            var text = new byte[RdbStrings.BytesMax(library.Code.Length)];
            payload.Add(Record);
            payload.AddRange(text.AsSpan(0, RdbStrings.Write(library.Code, text)));
        }

        Span<byte> number = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt16LittleEndian(number, VersionWritten);
        payload.AddRange(number[..sizeof(ushort)]);
        BinaryPrimitives.WriteUInt64LittleEndian(number, Crc64.Compute([.. payload]));
        payload.AddRange(number);
        return [.. payload];
    }

    /// <summary>The libraries' texts; else the error.</summary>
    public static string? TryRead(ReadOnlySpan<byte> payload, out List<byte[]> codes)
    {
        codes = [];
        if (payload.Length < DumpPayload.TrailerBytes || !DumpPayload.IsTrailer(payload[^DumpPayload.TrailerBytes..], Crc64.Compute(payload[..^sizeof(ulong)])))
            return "ERR DUMP payload version or checksum are wrong";
        ReadOnlySpan<byte> rest = payload[..^DumpPayload.TrailerBytes];
        while (!rest.IsEmpty)
        {
            if (rest[0] != Record) return "ERR given type is not a function";
            rest = rest[1..];
            if (!TryLength(rest, out int length) || !RdbStrings.TryRead(rest[..length], GatewayLimits.MaterialisedArgBytesMax, out byte[] code))
                return "ERR Failed loading library data";
            codes.Add(code);
            rest = rest[length..];
        }

        return null;
    }

    /// <summary>Bytes that the string at the front takes.</summary>
    private static bool TryLength(ReadOnlySpan<byte> source, out int length)
    {
        length = 0;
        ReadOnlySpan<byte> rest = source;
        ulong body;
        if (source.IsEmpty) return false;
        if (source[0] >> 6 == 3)
        {
            rest = source[1..];
            int encoding = source[0] & 0x3F;
            if (encoding > 3) return false;
            if (encoding < 3) body = 1UL << encoding;
            else if (!RdbStrings.TryReadLength(ref rest, out body) || !RdbStrings.TryReadLength(ref rest, out _)) return false;
        }
        else if (!RdbStrings.TryReadLength(ref rest, out body))
        {
            return false;
        }

        if (body > (ulong)rest.Length) return false;
        length = source.Length - rest.Length + (int)body;
        return true;
    }
}
