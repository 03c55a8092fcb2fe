using System.Buffers.Binary;

namespace Hal.Cache.Node.Values;

/// <summary>How one element of a <see cref="Listpack"/> is written: encoding and data, and behind them their length, to be read backwards.</summary>
internal static class ListpackElement
{
    /// <summary>Length of an element without the length behind it; false where it is cut short or malformed.</summary>
    public static bool TryMeasure(ReadOnlySpan<byte> source, out long length)
    {
        byte first = source[0];
        length = 0;
        if (first is > 0xF4 || (first is (>= 0xE0 and < 0xF0) && source.Length < 2) || (first == 0xF0 && source.Length < 5)) return false;
        length = first switch
        {
            < 0x80 => 1,
            < 0xC0 => 1 + (first & 0x3F),
            < 0xE0 => 2,
            < 0xF0 => 2 + (((first & 0x0F) << 8) | source[1]),
            0xF0 => 5L + BinaryPrimitives.ReadUInt32LittleEndian(source[1..]),
            0xF1 => 3,
            0xF2 => 4,
            0xF3 => 5,
            _ => 9,
        };
        return length < source.Length;
    }

    public static int IntegerBytes(long number) => number switch
    {
        >= 0 and <= 127 => 1,
        >= -4096 and <= 4095 => 2,
        >= short.MinValue and <= short.MaxValue => 3,
        >= -(1 << 23) and < 1 << 23 => 4,
        >= int.MinValue and <= int.MaxValue => 5,
        _ => 9,
    };

    public static int StringHeaderBytes(int length) => length < 64 ? 1 : length < 4096 ? 2 : 5;

    public static void WriteInteger(long number, int length, Span<byte> target)
    {
        switch (length)
        {
            case 1:
                target[0] = (byte)number;
                break;
            case 2:
                target[0] = (byte)(0xC0 | ((number >> 8) & 0x1F));
                target[1] = (byte)number;
                break;
            default:
                target[0] = (byte)(length == 9 ? 0xF4 : 0xF1 + length - 3);
                Span<byte> whole = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(whole, number);
                whole[..(length - 1)].CopyTo(target[1..]);
                break;
        }
    }

    public static void WriteString(ReadOnlySpan<byte> value, Span<byte> target)
    {
        int header = StringHeaderBytes(value.Length);
        if (header == 1)
        {
            target[0] = (byte)(0x80 | value.Length);
        }
        else if (header == 2)
        {
            target[0] = (byte)(0xE0 | (value.Length >> 8));
            target[1] = (byte)value.Length;
        }
        else
        {
            target[0] = 0xF0;
            BinaryPrimitives.WriteInt32LittleEndian(target[1..], value.Length);
        }

        value.CopyTo(target[header..]);
    }

    // The bounds, one less than seven bits more would hold, are the format's.
    public static int BackBytes(int length) => length <= 127 ? 1 : length < 16383 ? 2 : length < 2097151 ? 3 : length < 268435455 ? 4 : 5;

    public static void WriteBack(int length, Span<byte> target)
    {
        int count = BackBytes(length);
        for (int i = count - 1; i >= 0; i--)
        {
            target[i] = (byte)((length & 127) | (i == 0 ? 0 : 128));
            length >>= 7;
        }
    }
}
