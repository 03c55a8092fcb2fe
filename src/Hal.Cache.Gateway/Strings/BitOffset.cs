using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Strings;

/// <summary>Offsets of bits as clients give them.</summary>
internal static class BitOffset
{
    public static ReadOnlySpan<byte> Error => "ERR bit offset is not an integer or out of range"u8;

    /// <summary>
    /// Reads an offset within the longest string; where <paramref name="fieldBits"/> is not 0, "#n" is n fields of that many bits.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, int fieldBits, long stringBytesMax, out long offset)
    {
        bool counted = fieldBits > 0 && !text.IsEmpty && text[0] == (byte)'#';
        if (!RedisInteger.TryParse(counted ? text[1..] : text, out offset) || offset < 0) return false;
        if (counted && offset > long.MaxValue / fieldBits) return false;
        if (counted) offset *= fieldBits;
        return offset >> 3 < stringBytesMax;
    }
}
