namespace Hal.Cache.Gateway.Strings;

/// <summary>
/// The bytes <paramref name="FirstByte"/> to <paramref name="LastByte"/> (inclusive) of a string, without the bits of
/// <paramref name="BeforeMask"/> in the first and of <paramref name="AfterMask"/> in the last; empty where the last is before the first.
/// </summary>
internal readonly record struct BitRange(long FirstByte, long LastByte, byte BeforeMask, byte AfterMask)
{
    public bool IsEmpty => FirstByte > LastByte;

    /// <summary>Bytes of the range.</summary>
    public long Bytes => IsEmpty ? 0 : LastByte - FirstByte + 1;

    /// <summary>The whole of a string of so many bytes.</summary>
    public static BitRange All(long length) => new(0, length - 1, 0, 0);

    /// <summary>
    /// The range that a client gave in bytes or in bits, both ends inclusive and from the string's end where negative. Whoever asks
    /// excludes the one case in which Redis's BITCOUNT and BITPOS differ: both ends negative and in the wrong order.
    /// </summary>
    public static BitRange Of(long start, long end, bool bits, long length)
    {
        long total = bits ? length << 3 : length;
        start = Math.Max(0, start < 0 ? total + start : start);
        end = Math.Min(total - 1, Math.Max(0, end < 0 ? total + end : end));
        if (!bits || start > end) return new(start, end, 0, 0);
        return new(start >> 3, end >> 3, (byte)~(0xFF >> (int)(start & 7)), (byte)(0x7F >> (int)(end & 7)));
    }
}
