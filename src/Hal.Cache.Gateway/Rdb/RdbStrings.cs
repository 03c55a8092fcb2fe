using System.Buffers.Binary;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Rdb;

/// <summary>Strings in Redis's RDB encoding: a length before raw bytes, a small integer in binary, or LZF.</summary>
internal static class RdbStrings
{
    private const int IntegerTextMax = 11;
    private const int CompressedFrom = 21;
    private const int CompressionGainMin = 4;
    private const byte Encoded = 0xC0;
    private const byte Length32 = 0x80;
    private const byte Length64 = 0x81;

    /// <summary>The longest length in front of a string.</summary>
    public const int LengthBytesMax = 9;

    /// <summary>Most bytes that an encoded string of a length takes.</summary>
    public static int BytesMax(int length) => length + LengthBytesMax;

    /// <summary>Writes a string as Redis does with rdbcompression on, and returns the number of bytes.</summary>
    public static int Write(ReadOnlySpan<byte> value, Span<byte> target)
    {
        if (value.Length <= IntegerTextMax && RedisInteger.TryParse(value, out long number) && number is >= int.MinValue and <= int.MaxValue)
            return WriteInteger((int)number, target);
        if (value.Length >= CompressedFrom)
        {
            byte[] compressed = new byte[value.Length - CompressionGainMin];
            int length = Lzf.Compress(value, compressed);
            if (length > 0)
            {
                target[0] = Encoded | 3;
                int at = 1 + WriteLength((ulong)length, target[1..]);
                at += WriteLength((ulong)value.Length, target[at..]);
                compressed.AsSpan(0, length).CopyTo(target[at..]);
                return at + length;
            }
        }

        int header = WriteLength((ulong)value.Length, target);
        value.CopyTo(target[header..]);
        return header + value.Length;
    }

    /// <summary>Reads a string of at most <paramref name="bytesMax"/> bytes; false where the bytes are malformed, cut short, or too long.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, long bytesMax, out byte[] value) => TryRead(ref source, bytesMax, out value);

    /// <summary>The same, leaving in <paramref name="source"/> what is behind the string.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> source, long bytesMax, out byte[] value)
    {
        value = [];
        if (source.IsEmpty) return false;
        if (source[0] >> 6 == 3)
        {
            int encoding = source[0] & 0x3F;
            source = source[1..];
            return TryReadEncoded(encoding, ref source, bytesMax, out value);
        }

        if (!TryReadLength(ref source, out ulong length) || length > (ulong)source.Length || length > (ulong)bytesMax) return false;
        value = source[..(int)length].ToArray();
        source = source[(int)length..];
        return true;
    }

    /// <summary>Reads a length; false where the bytes are cut short, or hold an encoded string.</summary>
    public static bool TryReadLength(ref ReadOnlySpan<byte> source, out ulong length)
    {
        length = 0;
        if (source.IsEmpty) return false;
        byte first = source[0];
        int bytes = (first >> 6) switch { 0 => 1, 1 => 2, _ => first == Length32 ? 5 : first == Length64 ? 9 : int.MaxValue };
        if (bytes > source.Length) return false;
        length = bytes switch
        {
            1 => first,
            2 => BinaryPrimitives.ReadUInt16BigEndian(source) & 0x3FFFUL,
            5 => BinaryPrimitives.ReadUInt32BigEndian(source[1..]),
            _ => BinaryPrimitives.ReadUInt64BigEndian(source[1..]),
        };
        source = source[bytes..];
        return true;
    }

    private static bool TryReadEncoded(int encoding, ref ReadOnlySpan<byte> source, long bytesMax, out byte[] value)
    {
        value = [];
        if (encoding == 3) return TryReadCompressed(ref source, bytesMax, out value);
        int bytes = 1 << encoding;
        if (encoding > 2 || source.Length < bytes) return false;
        long number = encoding switch
        {
            0 => (sbyte)source[0],
            1 => BinaryPrimitives.ReadInt16LittleEndian(source),
            _ => BinaryPrimitives.ReadInt32LittleEndian(source),
        };
        Span<byte> text = stackalloc byte[RedisInteger.BytesMax];
        value = text[..RedisInteger.Format(number, text)].ToArray();
        source = source[bytes..];
        return true;
    }

    private static bool TryReadCompressed(ref ReadOnlySpan<byte> source, long bytesMax, out byte[] value)
    {
        value = [];
        if (!TryReadLength(ref source, out ulong compressed) || !TryReadLength(ref source, out ulong length)) return false;
        // A reference of three bytes stands for at most 264: no small payload makes a large allocation.
        if (compressed > (ulong)source.Length || length > (ulong)bytesMax || length > (compressed * 264)) return false;
        value = new byte[length];
        bool isWhole = Lzf.TryDecompress(source[..(int)compressed], value);
        source = source[(int)compressed..];
        return isWhole;
    }

    private static int WriteInteger(int number, Span<byte> target)
    {
        if (number is >= sbyte.MinValue and <= sbyte.MaxValue)
        {
            target[0] = Encoded;
            target[1] = (byte)number;
            return 2;
        }

        if (number is >= short.MinValue and <= short.MaxValue)
        {
            target[0] = Encoded | 1;
            BinaryPrimitives.WriteInt16LittleEndian(target[1..], (short)number);
            return 3;
        }

        target[0] = Encoded | 2;
        BinaryPrimitives.WriteInt32LittleEndian(target[1..], number);
        return 5;
    }

    /// <summary>Writes a length, of up to 9 bytes, and returns how many.</summary>
    public static int WriteLength(ulong length, Span<byte> target)
    {
        if (length < 1 << 6)
        {
            target[0] = (byte)length;
            return 1;
        }

        if (length < 1 << 14)
        {
            BinaryPrimitives.WriteUInt16BigEndian(target, (ushort)(length | 0x4000));
            return 2;
        }

        if (length <= uint.MaxValue)
        {
            target[0] = Length32;
            BinaryPrimitives.WriteUInt32BigEndian(target[1..], (uint)length);
            return 5;
        }

        target[0] = Length64;
        BinaryPrimitives.WriteUInt64BigEndian(target[1..], length);
        return 9;
    }
}
