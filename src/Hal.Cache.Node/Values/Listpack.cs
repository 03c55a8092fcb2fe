using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using static Hal.Cache.Node.Values.ListpackElement;

namespace Hal.Cache.Node.Values;

/// <summary>
/// A sequence of strings and integers in one byte array, in Redis's listpack format, so that payloads hold it as it is. Positions are
/// offsets of elements; a change makes those behind it invalid. Not thread-safe.
/// </summary>
/// <remarks>
/// Header: total bytes (4) and elements (2, 65535 for "count them"), least byte first. Element: encoding, data, and the length of both in
/// groups of seven bits that can be read backwards. End: 0xFF. Source: the format's description by Redis.
/// </remarks>
public struct Listpack
{
    /// <summary>Longest text of an integer element, in bytes; scratch space for reading has at least so many.</summary>
    public const int ScratchBytes = 20;

    /// <summary>Beyond so many bytes no element is added.</summary>
    public const int BytesMax = 1 << 30;

    private const int HeaderBytes = 6;
    private const byte End = 0xFF;
    private const int CountUnknown = ushort.MaxValue;
    private const int ArrayOverhead = 24;
    private byte[] bytes;

    private Listpack(byte[] bytes) => this.bytes = bytes;

    /// <summary>Length of the format's bytes.</summary>
    public readonly int Bytes => BinaryPrimitives.ReadInt32LittleEndian(bytes);

    /// <summary>Bytes of memory.</summary>
    public readonly long MemoryBytes => bytes is null ? 0 : ArrayOverhead + ((bytes.Length + 7) & ~7);

    public readonly bool IsNull => bytes is null;

    /// <summary>The format's bytes.</summary>
    public readonly ReadOnlySpan<byte> Span => bytes.AsSpan(0, Bytes);

    /// <summary>Number of elements.</summary>
    public readonly int Count
    {
        get
        {
            int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(4));
            if (count != CountUnknown) return count;
            count = 0;
            for (int at = First; at >= 0; at = Next(at)) count++;
            return count;
        }
    }

    /// <summary>Position of the first element, -1 where there is none.</summary>
    public readonly int First => bytes[HeaderBytes] == End ? -1 : HeaderBytes;

    /// <summary>Position of the last element, -1 where there is none.</summary>
    public readonly int Last => Previous(Bytes - 1);

    /// <summary>Position of the end, where an insertion appends.</summary>
    public readonly int EndPosition => Bytes - 1;

    public static Listpack New(int capacity = 32)
    {
        byte[] bytes = new byte[Math.Max(capacity, HeaderBytes + 1)];
        bytes[0] = HeaderBytes + 1;
        bytes[HeaderBytes] = End;
        return new Listpack(bytes);
    }

    /// <summary>Takes bytes of the format; false where they are malformed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out Listpack listpack)
    {
        listpack = default;
        if (source.Length < HeaderBytes + 1 || BinaryPrimitives.ReadUInt32LittleEndian(source) != (uint)source.Length || source[^1] != End) return false;
        int at = HeaderBytes, count = 0;
        Span<byte> expected = stackalloc byte[5];
        while (source[at] != End)
        {
            if (!TryMeasure(source[at..^1], out long length)) return false;
            int back = BackBytes((int)length);
            if (length + back > source.Length - 1 - at) return false;
            WriteBack((int)length, expected);
            if (!source.Slice(at + (int)length, back).SequenceEqual(expected[..back])) return false;
            at += (int)length + back;
            count++;
        }

        int told = BinaryPrimitives.ReadUInt16LittleEndian(source[4..]);
        if (at != source.Length - 1 || (told != CountUnknown && told != count)) return false;
        listpack = new Listpack(source.ToArray());
        return true;
    }

    /// <summary>Bytes that a string takes as an element.</summary>
    public static int SizeOf(ReadOnlySpan<byte> value)
    {
        int length = TryInteger(value, out long number) ? IntegerBytes(number) : StringHeaderBytes(value.Length) + value.Length;
        return length + BackBytes(length);
    }

    /// <summary>The element behind, -1 where there is none.</summary>
    public readonly int Next(int at)
    {
        at += Skip(at);
        return bytes[at] == End ? -1 : at;
    }

    /// <summary>The element before a position, which may be the end; -1 where there is none.</summary>
    public readonly int Previous(int at)
    {
        if (at == HeaderBytes) return -1;
        int length = 0, shift = 0, p = at - 1;
        while (true)
        {
            length |= (bytes[p] & 127) << shift;
            if ((bytes[p] & 128) == 0) break;
            shift += 7;
            p--;
        }

        return at - length - BackBytes(length);
    }

    /// <summary>Position of the element of an index, which may be negative to count from the end; -1 where there is none.</summary>
    public readonly int Seek(int index)
    {
        int count = Count;
        if (index < 0) index += count;
        if ((uint)index >= (uint)count) return -1;
        int at;
        if (index <= count / 2)
        {
            at = HeaderBytes;
            while (index-- > 0) at += Skip(at);
            return at;
        }

        at = EndPosition;
        for (int back = count - index; back > 0; back--) at = Previous(at);
        return at;
    }

    /// <summary>An element's bytes; an integer's text is written to the scratch space of <see cref="ScratchBytes"/>.</summary>
    public readonly ReadOnlySpan<byte> Get(int at, Span<byte> scratch)
    {
        if (TryGetInteger(at, out long number))
        {
            number.TryFormat(scratch, out int written);
            return scratch[..written];
        }

        return StringAt(at);
    }

    /// <summary>Whether an element is kept as an integer, and which.</summary>
    public readonly bool TryGetInteger(int at, out long number)
    {
        byte first = bytes[at];
        if (first < 0x80)
        {
            number = first;
            return true;
        }

        ReadOnlySpan<byte> data = bytes.AsSpan(at + 1);
        switch (first)
        {
            case >= 0xC0 and < 0xE0:
                number = ((first & 0x1F) << 8) | data[0];
                if (number >= 1 << 12) number -= 1 << 13;
                return true;
            case 0xF1:
                number = BinaryPrimitives.ReadInt16LittleEndian(data);
                return true;
            case 0xF2:
                number = ((data[0] << 8) | (data[1] << 16) | (data[2] << 24)) >> 8;
                return true;
            case 0xF3:
                number = BinaryPrimitives.ReadInt32LittleEndian(data);
                return true;
            case 0xF4:
                number = BinaryPrimitives.ReadInt64LittleEndian(data);
                return true;
            default:
                number = 0;
                return false;
        }
    }

    /// <summary>Whether the element is the same string.</summary>
    public readonly bool IsEqual(int at, ReadOnlySpan<byte> value) =>
        TryGetInteger(at, out long number) ? TryInteger(value, out long other) && number == other : StringAt(at).SequenceEqual(value);

    /// <summary>Position of a string, searched from a position on, looking at each element and skipping so many; -1 where it is not.</summary>
    public readonly int Find(int at, ReadOnlySpan<byte> value, int skip = 0)
    {
        bool isInteger = TryInteger(value, out long wanted);
        while (at >= 0)
        {
            if (isInteger ? TryGetInteger(at, out long number) && number == wanted : IsString(at) && StringAt(at).SequenceEqual(value)) return at;
            for (int i = 0; i <= skip; i++)
            {
                at = Next(at);
                if (at < 0) return -1;
            }
        }

        return -1;
    }

    /// <summary>Puts an element before a position, which may be the end.</summary>
    public void Insert(int at, ReadOnlySpan<byte> value) => Splice(at, 0, value, 1);

    public void Append(ReadOnlySpan<byte> value) => Splice(EndPosition, 0, value, 1);

    /// <summary>Puts another string in an element's place.</summary>
    public void Replace(int at, ReadOnlySpan<byte> value) => Splice(at, Skip(at), value, 0);

    /// <summary>Appends an integer, as its text would be.</summary>
    public void Append(long number) => SpliceInteger(EndPosition, 0, number, 1);

    /// <summary>Puts an integer in an element's place.</summary>
    public void Replace(int at, long number) => SpliceInteger(at, Skip(at), number, 0);

    /// <summary>Removes elements from a position on, which exist.</summary>
    public void Remove(int at, int count = 1)
    {
        int end = at;
        for (int i = 0; i < count; i++) end += Skip(end);
        int total = Bytes;
        bytes.AsSpan(end, total - end).CopyTo(bytes.AsSpan(at));
        SetHeader(total - (end - at), -count);
        if (bytes.Length > 256 && total < bytes.Length / 4) Array.Resize(ref bytes, bytes.Length / 2);
    }

    /// <summary>Cuts what follows a position off, and gives it as a listpack of its own.</summary>
    public Listpack SplitAt(int at)
    {
        int moved = 0;
        for (int p = at; bytes[p] != End; p += Skip(p)) moved++;
        int total = Bytes;
        Listpack rest = New(HeaderBytes + total - at);
        bytes.AsSpan(at, total - at).CopyTo(rest.bytes.AsSpan(HeaderBytes));
        rest.SetHeader(HeaderBytes + total - at, moved);
        bytes[at] = End;
        SetHeader(at + 1, -moved);
        return rest;
    }

    /// <summary>Appends all elements of another.</summary>
    public void Append(in Listpack other)
    {
        int more = other.Bytes - HeaderBytes - 1, total = Bytes, count = other.Count;
        Reserve(total + more);
        other.bytes.AsSpan(HeaderBytes, more + 1).CopyTo(bytes.AsSpan(total - 1));
        SetHeader(total + more, count);
    }

    public readonly Listpack Copy() => new(Span.ToArray());

    /// <summary>Whether the bytes are an integer that is kept as one: canonical, 64 bits with a sign.</summary>
    public static bool TryInteger(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > ScratchBytes) return false;
        bool isNegative = text[0] == (byte)'-';
        int at = isNegative ? 1 : 0;
        if (at == text.Length) return false;
        uint digit = (uint)text[at] - '0';
        if (digit > 9) return false;
        if (digit == 0) return text.Length == 1;
        ulong sum = digit;
        while (++at < text.Length)
        {
            digit = (uint)text[at] - '0';
            if (digit > 9 || sum > (ulong.MaxValue - digit) / 10) return false;
            sum = (sum * 10) + digit;
        }

        if (sum > long.MaxValue + (isNegative ? 1UL : 0UL)) return false;
        value = isNegative ? unchecked(-(long)sum) : (long)sum;
        return true;
    }

    private void Splice(int at, int removed, ReadOnlySpan<byte> value, int added)
    {
        bool isInteger = TryInteger(value, out long number);
        int length = isInteger ? IntegerBytes(number) : StringHeaderBytes(value.Length) + value.Length;
        int size = length + BackBytes(length), total = Bytes, grown = total + size - removed;
        Reserve(grown);
        bytes.AsSpan(at + removed, total - at - removed).CopyTo(bytes.AsSpan(at + size));
        Span<byte> target = bytes.AsSpan(at, size);
        if (isInteger) WriteInteger(number, length, target);
        else WriteString(value, target);
        WriteBack(length, target[length..]);
        SetHeader(grown, added);
    }

    private void SpliceInteger(int at, int removed, long number, int added)
    {
        int length = IntegerBytes(number), size = length + BackBytes(length), total = Bytes;
        if (size != removed)
        {
            Reserve(total + size - removed);
            bytes.AsSpan(at + removed, total - at - removed).CopyTo(bytes.AsSpan(at + size));
            SetHeader(total + size - removed, added);
        }

        Span<byte> target = bytes.AsSpan(at, size);
        WriteInteger(number, length, target);
        WriteBack(length, target[length..]);
    }

    private void Reserve(int needed)
    {
        if (needed <= bytes.Length) return;
        if (needed > BytesMax) throw new InvalidOperationException($"A listpack of {needed} bytes exceeds the limit of {BytesMax}.");
        Array.Resize(ref bytes, (needed + Math.Min(needed / 4, 1024) + 7) & ~7);
    }

    private void SetHeader(int total, int added)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes, total);
        Span<byte> field = bytes.AsSpan(4);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(field);
        if (count == CountUnknown) // it is told again once it is small enough
        {
            if (added >= 0) return;
            count = Count;
        }
        else
        {
            count += added;
        }

        BinaryPrimitives.WriteUInt16LittleEndian(field, (ushort)Math.Min(count, CountUnknown));
    }

    private readonly bool IsString(int at) => bytes[at] is (>= 0x80 and < 0xC0) or (>= 0xE0 and <= 0xF0);

    private readonly ReadOnlySpan<byte> StringAt(int at)
    {
        byte first = bytes[at];
        if (first < 0xC0) return bytes.AsSpan(at + 1, first & 0x3F);
        if (first < 0xF0) return bytes.AsSpan(at + 2, ((first & 0x0F) << 8) | bytes[at + 1]);
        return bytes.AsSpan(at + 5, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int Skip(int at)
    {
        byte first = bytes[at];
        int length = first < 0x80 ? 1 : first < 0xC0 ? 1 + (first & 0x3F) : LongLength(at, first);
        return length + BackBytes(length);
    }

    private readonly int LongLength(int at, byte first) => first switch
    {
        < 0xE0 => 2,
        < 0xF0 => 2 + (((first & 0x0F) << 8) | bytes[at + 1]),
        0xF0 => 5 + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 1)),
        0xF1 => 3,
        0xF2 => 4,
        0xF3 => 5,
        _ => 9,
    };
}
