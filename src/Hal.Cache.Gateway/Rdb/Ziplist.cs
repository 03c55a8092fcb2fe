using System.Buffers.Binary;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Rdb;

/// <summary>The compact sequences of Redis up to 6.2, which are read only: a header of 10 bytes, entries with the length of the one before, and 0xFF.</summary>
internal static class Ziplist
{
    private const int HeaderBytes = 10;
    private const byte End = 0xFF;
    private const byte LongPrevious = 0xFE;

    /// <summary>Makes a listpack of it; false where the bytes are malformed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out Listpack listpack)
    {
        listpack = Listpack.New();
        if (source.Length <= HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(source) != source.Length || source[^1] != End) return false;
        ReadOnlySpan<byte> left = source[HeaderBytes..^1];
        while (!left.IsEmpty)
        {
            int skipped = left[0] == LongPrevious ? 5 : 1;
            if (left[0] == End || left.Length <= skipped) return false;
            left = left[skipped..];
            if (!TryEntry(ref left, ref listpack)) return false;
        }

        return true;
    }

    private static bool TryEntry(ref ReadOnlySpan<byte> left, ref Listpack listpack)
    {
        byte first = left[0];
        if (first < 0xC0)
        {
            int header = (first >> 6) switch { 0 => 1, 1 => 2, _ => 5 };
            if (left.Length < header) return false;
            long length = header switch
            {
                1 => first,
                2 => ((first & 0x3F) << 8) | left[1],
                _ => BinaryPrimitives.ReadUInt32BigEndian(left[1..]),
            };
            if (length > left.Length - header) return false;
            listpack.Append(left.Slice(header, (int)length));
            left = left[(header + (int)length)..];
            return true;
        }

        int bytes = first switch { 0xC0 => 2, 0xD0 => 4, 0xE0 => 8, 0xF0 => 3, 0xFE => 1, > 0xF0 and < 0xFE => 0, _ => -1 };
        if (bytes < 0 || left.Length <= bytes) return bytes == 0 && Append((first & 0x0F) - 1, 0, ref left, ref listpack);
        ReadOnlySpan<byte> data = left[1..];
        long number = bytes switch
        {
            0 => (first & 0x0F) - 1,
            1 => (sbyte)data[0],
            2 => BinaryPrimitives.ReadInt16LittleEndian(data),
            3 => ((data[0] << 8) | (data[1] << 16) | (data[2] << 24)) >> 8,
            4 => BinaryPrimitives.ReadInt32LittleEndian(data),
            _ => BinaryPrimitives.ReadInt64LittleEndian(data),
        };
        return Append(number, bytes, ref left, ref listpack);
    }

    private static bool Append(long number, int bytes, ref ReadOnlySpan<byte> left, ref Listpack listpack)
    {
        Span<byte> text = stackalloc byte[RedisInteger.BytesMax];
        listpack.Append(text[..RedisInteger.Format(number, text)]);
        left = left[(1 + bytes)..];
        return true;
    }
}
