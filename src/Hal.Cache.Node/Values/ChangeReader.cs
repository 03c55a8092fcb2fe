using System.Buffers.Binary;

namespace Hal.Cache.Node.Values;

/// <summary>Reads what a <see cref="ChangeLog"/> or a blob has; false from any of its methods where the bytes end too soon.</summary>
internal ref struct ChangeReader(ReadOnlySpan<byte> source)
{
    private ReadOnlySpan<byte> left = source;

    public readonly bool IsEnd => left.IsEmpty;

    public bool TryByte(out byte value)
    {
        value = 0;
        if (left.IsEmpty) return false;
        value = left[0];
        left = left[1..];
        return true;
    }

    public bool TryNumber(out long value)
    {
        if (!BinaryPrimitives.TryReadInt64LittleEndian(left, out value)) return false;
        left = left[sizeof(long)..];
        return true;
    }

    public bool TryBytes(out ReadOnlySpan<byte> value)
    {
        value = default;
        long length = 0;
        for (int shift = 0; ; shift += 7)
        {
            if (shift > 28 || !TryByte(out byte part)) return false;
            length |= (long)(part & 0x7F) << shift;
            if (part < 0x80) break;
        }

        if (length > left.Length) return false;
        value = left[..(int)length];
        left = left[(int)length..];
        return true;
    }
}
