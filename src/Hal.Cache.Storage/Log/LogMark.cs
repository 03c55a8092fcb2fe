using System.Runtime.InteropServices;
using Hal.Cache.Contracts;

namespace Hal.Cache.Storage.Log;

/// <summary>
/// Where the log began and up to where it was durable when last noted, and its geometry: two slots written in turn, so that a torn one
/// leaves the other.
/// </summary>
internal readonly record struct LogMark(long Sequence, long Begin, long Committed, int PageBytes, int SegmentBytes)
{
    public const int SlotBytes = 512; // a slot never shares a disk sector with the other
    private const int BodyBytes = 48;
    private const long Magic = 0x314B52414D4C4148; // "HALMARK1"

    public int Offset => (int)(Sequence & 1) * SlotBytes;

    public static LogMark? Latest(ReadOnlySpan<byte> file, uint seed)
    {
        LogMark? latest = null;
        for (var at = 0; at + BodyBytes <= file.Length; at += SlotBytes)
            if (Parse(file.Slice(at, BodyBytes), seed) is { } mark && (latest is null || mark.Sequence > latest.Value.Sequence))
                latest = mark;
        return latest;
    }

    public void WriteTo(Span<byte> slot, uint seed)
    {
        slot.Clear();
        var words = MemoryMarshal.Cast<byte, long>(slot);
        words[0] = Magic;
        words[1] = Sequence;
        words[2] = Begin;
        words[3] = Committed;
        words[4] = (long)PageBytes << 32 | (uint)SegmentBytes;
        words[5] = Crc32C.Append(seed, slot[..(BodyBytes - sizeof(long))]);
    }

    private static LogMark? Parse(ReadOnlySpan<byte> body, uint seed)
    {
        var words = MemoryMarshal.Cast<byte, long>(body);
        if (words[0] != Magic || words[5] != Crc32C.Append(seed, body[..(BodyBytes - sizeof(long))]))
            return null;
        return new(words[1], words[2], words[3], (int)(words[4] >> 32), (int)words[4]);
    }
}
