using System.Globalization;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Collections;

/// <summary>A range of scores, each end inclusive unless '(' is before it.</summary>
internal readonly record struct ScoreRange(double Min, bool MinIsOut, double Max, bool MaxIsOut)
{
    public static bool TryParse(ReadOnlySpan<byte> min, ReadOnlySpan<byte> max, out ScoreRange range)
    {
        range = default;
        if (!TryEnd(min, out double least, out bool leastIsOut) || !TryEnd(max, out double most, out bool mostIsOut)) return false;
        range = new(least, leastIsOut, most, mostIsOut);
        return true;
    }

    /// <summary>The first rank of the range and the one behind its last.</summary>
    public (int From, int To) Ranks(SortedSetValue set) => (set.CountBehind(new ScoreBound(Min, MinIsOut)), set.CountBehind(new ScoreBound(Max, !MaxIsOut)));

    // C's strtod, which takes nothing for zero, and what is too large for infinite.
    private static bool TryEnd(ReadOnlySpan<byte> text, out double value, out bool isOut)
    {
        isOut = text.Length > 0 && text[0] == (byte)'(';
        if (isOut) text = text[1..];
        value = 0;
        if (text.IsEmpty) return true;
        text = text.TrimStart(" \t\n\v\f\r"u8);
        if (text.IsEmpty) return false;
        return RedisDouble.TryParse(text, out value)
            || (text[^1] is >= (byte)'0' and <= (byte)'9' && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value));
    }
}
