using System.Buffers.Binary;

namespace Hal.Cache.Node.Values;

/// <summary>
/// Integers in order in one byte array, each of the fewest bytes (2, 4, 8) that the widest needs, in Redis's intset format: width (4), count (4),
/// numbers, all least byte first.
/// </summary>
public struct IntegerSet
{
    private const int HeaderBytes = 8;
    private const int ArrayOverhead = 24;
    private byte[] bytes;

    private IntegerSet(byte[] bytes) => this.bytes = bytes;

    public readonly int Count => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));

    public readonly long MemoryBytes => bytes is null ? 0 : ArrayOverhead + ((bytes.Length + 7) & ~7);

    /// <summary>The format's bytes.</summary>
    public readonly ReadOnlySpan<byte> Span => bytes.AsSpan(0, HeaderBytes + (Count * Width));

    private readonly int Width => bytes[0];

    public static IntegerSet New()
    {
        byte[] bytes = new byte[HeaderBytes + 8];
        bytes[0] = 2;
        return new IntegerSet(bytes);
    }

    /// <summary>Takes bytes of the format; false where they are malformed or out of order.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out IntegerSet set)
    {
        set = default;
        if (source.Length < HeaderBytes) return false;
        uint width = BinaryPrimitives.ReadUInt32LittleEndian(source), count = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]);
        if (width is not (2 or 4 or 8) || ((ulong)count * width) + HeaderBytes != (ulong)source.Length) return false;
        set = new IntegerSet(source.ToArray());
        for (int i = 1; i < set.Count; i++)
        {
            if (set[i - 1] >= set[i]) return false;
        }

        return true;
    }

    /// <summary>The number of an index in rising order.</summary>
    public readonly long this[int index] => Read(index, Width);

    public readonly bool Contains(long value) => Find(value) >= 0;

    public bool Add(long value)
    {
        int at = Find(value);
        if (at >= 0) return false;
        int needed = WidthOf(value);
        if (needed > Width) Widen(needed);
        at = ~at;
        int count = Count, width = Width, end = HeaderBytes + (count * width), from = HeaderBytes + (at * width);
        if (end + width > bytes.Length) Array.Resize(ref bytes, (end + width + Math.Min(count * width / 4, 1024) + 7) & ~7);
        bytes.AsSpan(from, end - from).CopyTo(bytes.AsSpan(from + width));
        Write(bytes, at, width, value);
        SetCount(count + 1);
        return true;
    }

    public bool Remove(long value)
    {
        int at = Find(value);
        if (at < 0) return false;
        int count = Count, width = Width, end = HeaderBytes + (count * width), from = HeaderBytes + (at * width);
        bytes.AsSpan(from + width, end - from - width).CopyTo(bytes.AsSpan(from));
        SetCount(count - 1);
        return true;
    }

    public readonly IntegerSet Copy() => new(Span.ToArray());

    private static int WidthOf(long value) => value is >= short.MinValue and <= short.MaxValue ? 2 : value is >= int.MinValue and <= int.MaxValue ? 4 : 8;

    private readonly int Find(long value)
    {
        int low = 0, high = Count - 1, width = Width;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            long at = Read(middle, width);
            if (at == value) return middle;
            if (at < value) low = middle + 1;
            else high = middle - 1;
        }

        return ~low;
    }

    private readonly long Read(int index, int width)
    {
        ReadOnlySpan<byte> at = bytes.AsSpan(HeaderBytes + (index * width));
        return width switch
        {
            2 => BinaryPrimitives.ReadInt16LittleEndian(at),
            4 => BinaryPrimitives.ReadInt32LittleEndian(at),
            _ => BinaryPrimitives.ReadInt64LittleEndian(at),
        };
    }

    private static void Write(byte[] target, int index, int width, long value)
    {
        Span<byte> at = target.AsSpan(HeaderBytes + (index * width));
        if (width == 2) BinaryPrimitives.WriteInt16LittleEndian(at, (short)value);
        else if (width == 4) BinaryPrimitives.WriteInt32LittleEndian(at, (int)value);
        else BinaryPrimitives.WriteInt64LittleEndian(at, value);
    }

    private void Widen(int width)
    {
        int count = Count, old = Width;
        byte[] wider = new byte[(HeaderBytes + ((count + 1) * width) + 7) & ~7];
        for (int i = 0; i < count; i++) Write(wider, i, width, Read(i, old));
        wider[0] = (byte)width;
        bytes = wider;
        SetCount(count);
    }

    private readonly void SetCount(int count) => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), count);
}
