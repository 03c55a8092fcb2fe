using System.Buffers;
using System.Buffers.Binary;

namespace Hal.Cache.Node.Values;

/// <summary>
/// Collections as the store's log holds them: a version, an encoding, a count, then the elements; lengths are in groups of seven bits. Part of the
/// log's format: what is written here is read for good.
/// </summary>
internal static class BlobFormat
{
    public const byte Compact = 1;
    public const byte Table = 2;
    public const byte Integers = 3;

    /// <summary>A hash: fields and when they expire, then the hash.</summary>
    public const byte Timed = 4;
    private const byte Version = 1;

    public static void WriteHeader(IBufferWriter<byte> target, byte encoding, long count)
    {
        Span<byte> span = target.GetSpan(2 + sizeof(long));
        span[0] = Version;
        span[1] = encoding;
        BinaryPrimitives.WriteInt64LittleEndian(span[2..], count);
        target.Advance(2 + sizeof(long));
    }

    public static void WriteCompact(IBufferWriter<byte> target, in Listpack listpack)
    {
        WriteHeader(target, Compact, 0);
        WriteBytes(target, listpack.Span);
    }

    public static void WriteBytes(IBufferWriter<byte> target, ReadOnlySpan<byte> value)
    {
        Span<byte> span = target.GetSpan(5);
        uint left = (uint)value.Length;
        int at = 0;
        for (; left >= 0x80; left >>= 7) span[at++] = (byte)(left | 0x80);
        span[at++] = (byte)left;
        target.Advance(at);
        target.Write(value);
    }

    public static void WriteNumber(IBufferWriter<byte> target, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target.GetSpan(sizeof(long)), value);
        target.Advance(sizeof(long));
    }

    public static bool TryHeader(ref ChangeReader reader, out byte encoding, out long count)
    {
        (encoding, count) = (0, 0);
        return reader.TryByte(out byte version) && version == Version && reader.TryByte(out encoding) && reader.TryNumber(out count) && count >= 0;
    }
}
