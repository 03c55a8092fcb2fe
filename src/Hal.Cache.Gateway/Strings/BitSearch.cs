using System.Numerics;

namespace Hal.Cache.Gateway.Strings;

/// <summary>Finds the first bit of a value.</summary>
internal static class BitSearch
{
    /// <summary>Position in bits, from the most significant bit of the first byte on, of the first set or clear bit; -1 where there is none.</summary>
    public static long Find(ReadOnlySpan<byte> bytes, bool set)
    {
        int at = bytes.IndexOfAnyExcept(set ? (byte)0 : (byte)0xFF);
        return at < 0 ? -1 : ((long)at << 3) + FindInByte(bytes[at], set);
    }

    /// <summary>
    /// The same for a part that begins at byte <paramref name="offset"/> of a longer string, within <paramref name="range"/>; the
    /// position is the string's.
    /// </summary>
    public static long Find(ReadOnlySpan<byte> bytes, long offset, BitRange range, bool set)
    {
        if (bytes.IsEmpty) return -1;
        int from = 0;
        int to = bytes.Length;
        if (offset == range.FirstByte && range.BeforeMask != 0)
        {
            int found = FindInByte(Masked(bytes[0], offset, range, set), set);
            if (found >= 0) return (offset << 3) + found;
            from = 1;
        }

        bool cutsLast = offset + to - 1 == range.LastByte && range.AfterMask != 0 && from < to;
        if (cutsLast) to--;
        long position = Find(bytes[from..to], set);
        if (position >= 0) return ((offset + from) << 3) + position;
        if (!cutsLast) return -1;
        int last = FindInByte(Masked(bytes[to], offset + to, range, set), set);
        return last < 0 ? -1 : ((offset + to) << 3) + last;
    }

    private static byte Masked(byte value, long offset, BitRange range, bool set)
    {
        int mask = (offset == range.FirstByte ? range.BeforeMask : 0) | (offset == range.LastByte ? range.AfterMask : 0);
        return (byte)(set ? value & ~mask : value | mask);
    }

    private static int FindInByte(byte value, bool set)
    {
        uint wanted = set ? value : (byte)~value;
        return wanted == 0 ? -1 : BitOperations.LeadingZeroCount(wanted) - 24;
    }
}
