using System.Numerics;
using System.Runtime.InteropServices;

namespace Hal.Cache.Gateway.Strings;

/// <summary>Counts set bits.</summary>
internal static class BitCounter
{
    /// <summary>Set bits of all bytes.</summary>
    public static long Count(ReadOnlySpan<byte> bytes)
    {
        // Four independent counters: the processor's popcount has a latency of three cycles and takes one word each cycle.
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        long first = 0, second = 0, third = 0, fourth = 0;
        int at = 0;
        for (; at <= words.Length - 4; at += 4)
        {
            first += BitOperations.PopCount(words[at]);
            second += BitOperations.PopCount(words[at + 1]);
            third += BitOperations.PopCount(words[at + 2]);
            fourth += BitOperations.PopCount(words[at + 3]);
        }

        for (; at < words.Length; at++) first += BitOperations.PopCount(words[at]);
        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..]) first += BitOperations.PopCount(rest);
        return first + second + third + fourth;
    }

    /// <summary>
    /// Set bits of a part of a longer string that begins at byte <paramref name="offset"/>, as far as they lie in <paramref name="range"/>.
    /// </summary>
    public static long Count(ReadOnlySpan<byte> bytes, long offset, BitRange range)
    {
        if (bytes.IsEmpty) return 0;
        long count = Count(bytes);
        long end = offset + bytes.Length - 1;
        if (range.FirstByte == offset) count -= BitOperations.PopCount((uint)(bytes[0] & range.BeforeMask));
        if (range.LastByte == end) count -= BitOperations.PopCount((uint)(bytes[^1] & range.AfterMask));
        return count;
    }
}
