using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Persistence.Files;

/// <summary>What a frame says.</summary>
internal enum FrameKind : byte
{
    Put = 1,
    Delete = 2,

    /// <summary>The highest version given out; a compacted journal begins with it.</summary>
    Counter = 3,
}

/// <summary>
/// One change in the journal: length, CRC32C of the length, body, CRC32C of the body; integers little-endian. The length has a checksum
/// of its own so that a torn end can be told from a damaged middle.
/// </summary>
internal readonly record struct JournalFrame(FrameKind Frame, long Version, StoredKind Kind, string Key, ReadOnlyMemory<byte> Value)
{
    public const int HeaderBytes = 8;
    public const int TrailerBytes = 4;

    // Frame kind, version, two lengths.
    private const int FixedBytes = 1 + 8 + 1 + 2;

    public const int BodyBytesMax = FixedBytes + 255 + (IControlPlaneStore.KeyLengthMax * 3) + IControlPlaneStore.ValueBytesMax;

    public byte[] Encode()
    {
        var kind = Frame == FrameKind.Counter ? [] : Encoding.ASCII.GetBytes(StoredKinds.Name(Kind));
        var key = Encoding.UTF8.GetBytes(Key);
        var body = FixedBytes + kind.Length + key.Length + Value.Length;
        var frame = new byte[HeaderBytes + body + TrailerBytes];
        BinaryPrimitives.WriteInt32LittleEndian(frame, body);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), Checksum(frame.AsSpan(0, 4)));
        var rest = frame.AsSpan(HeaderBytes, body);
        rest[0] = (byte)Frame;
        BinaryPrimitives.WriteInt64LittleEndian(rest[1..], Version);
        rest[9] = (byte)kind.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(rest[10..], (ushort)key.Length);
        kind.CopyTo(rest[FixedBytes..]);
        key.CopyTo(rest[(FixedBytes + kind.Length)..]);
        Value.Span.CopyTo(rest[(FixedBytes + kind.Length + key.Length)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(HeaderBytes + body), Checksum(rest));
        return frame;
    }

    /// <summary>Length of the body, or -1 where the header is no header.</summary>
    public static int BodyLength(ReadOnlySpan<byte> header)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        return BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) == Checksum(header[..4]) && length is >= FixedBytes and <= BodyBytesMax ? length : -1;
    }

    /// <summary>Reads a body with its trailer; null where its checksum is wrong; throws where a later version wrote it.</summary>
    public static JournalFrame? Decode(ReadOnlyMemory<byte> bodyAndTrailer)
    {
        var body = bodyAndTrailer[..^TrailerBytes].Span;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bodyAndTrailer.Span[^TrailerBytes..]) != Checksum(body)) return null;
        var frame = (FrameKind)body[0];
        var (kindLength, keyLength) = (body[9], BinaryPrimitives.ReadUInt16LittleEndian(body[10..]));
        var kind = frame == FrameKind.Counter ? default(StoredKind) : StoredKinds.Parse(Encoding.ASCII.GetString(body.Slice(FixedBytes, kindLength)));
        if (kind is null || frame is < FrameKind.Put or > FrameKind.Counter)
            throw new JournalDamageException("the control plane's journal has a record of a kind that this version does not know");
        return new JournalFrame(
            frame, BinaryPrimitives.ReadInt64LittleEndian(body[1..]), kind.Value,
            Encoding.UTF8.GetString(body.Slice(FixedBytes + kindLength, keyLength)),
            bodyAndTrailer[(FixedBytes + kindLength + keyLength)..^TrailerBytes]);
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        while (bytes.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
