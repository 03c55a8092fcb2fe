using System.Buffers.Binary;

namespace Hal.Cache.Node.Tree;

/// <summary>Reads the fields of a frame; throws <see cref="InvalidDataException"/> where it ends too soon.</summary>
public ref struct FrameReader(ReadOnlySpan<byte> frame)
{
    private ReadOnlySpan<byte> rest = frame;

    public readonly int Remaining => rest.Length;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    public ulong UInt64() => (ulong)Int64();

    /// <summary>Number of items that follow, each of at least so many bytes; a number that can't be true is refused before room is made for it.</summary>
    public int Count(int itemBytes)
    {
        uint count = UInt32();
        return count <= (uint)(rest.Length / itemBytes) ? (int)count : throw new InvalidDataException("A frame has fewer items than it says.");
    }

    public ReadOnlySpan<byte> Bytes()
    {
        uint length = UInt32();
        return length <= (uint)rest.Length ? Take((int)length) : throw new InvalidDataException("A frame ends within a field.");
    }

    /// <summary>The same of a field that may be another version's; false where it is not all there.</summary>
    public bool TryBytes(out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (rest.Length < sizeof(uint))
            return false;
        uint length = UInt32();
        if (length > (uint)rest.Length)
            return false;
        bytes = Take((int)length);
        return true;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (rest.Length < count)
            throw new InvalidDataException("A frame ends within a field.");
        ReadOnlySpan<byte> taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
