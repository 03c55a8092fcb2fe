using System.Runtime.CompilerServices;

namespace Hal.Cache.Resp;

/// <summary>Integers as Redis reads and writes them: decimal, canonical, 64 bits with a sign.</summary>
public static class RedisInteger
{
    /// <summary>Longest text of a 64-bit integer, in bytes.</summary>
    public const int BytesMax = 20;

    /// <summary>
    /// Reads an integer that is written the one canonical way: no plus sign, no space, no leading zero, no "-0"; false otherwise or on
    /// overflow.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > BytesMax) return false;
        if (text.Length == 1)
        {
            value = text[0] - (long)'0';
            return (ulong)value <= 9;
        }

        var negative = text[0] == (byte)'-';
        var digits = negative ? text[1..] : text;
        var magnitude = (uint)digits[0] - '0';
        if (magnitude - 1 > 8) return false;

        ulong sum = magnitude;
        for (var i = 1; i < digits.Length; i++)
        {
            var digit = (uint)digits[i] - '0';
            if (digit > 9) return false;
            if (sum > (ulong.MaxValue - digit) / 10) return false;
            sum = (sum * 10) + digit;
        }

        if (sum > long.MaxValue + (negative ? 1UL : 0UL)) return false;
        value = negative ? unchecked(-(long)sum) : (long)sum;
        return true;
    }

    /// <summary>Writes an integer and returns its length in bytes; the target has at least <see cref="BytesMax"/> bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Format(long value, Span<byte> target)
    {
        if ((ulong)value <= 9)
        {
            target[0] = (byte)('0' + value);
            return 1;
        }

        if (!value.TryFormat(target, out var written))
            throw new ArgumentException("The target is shorter than the integer.", nameof(target));
        return written;
    }
}
