namespace Hal.Cache.Resp;

/// <summary>Redis's glob patterns: '*', '?', '[a-z]', '[^a-z]' and '\' before a byte that stands for itself.</summary>
public static class GlobPattern
{
    /// <summary>Most groups of '*' that are followed by something; a pattern that needs more matches nothing, as in Redis.</summary>
    public const int StarsMax = 1000;

    /// <summary>Most steps of one match; a match that takes more fails.</summary>
    public const long StepsMax = 1L << 24;

    /// <summary>Whether the pattern matches all of the text; <paramref name="ignoreCase"/> is for ASCII letters.</summary>
    /// <remarks>
    /// An earlier '*' never has to be tried again once a later one was reached: whatever it would let the rest match, the later
    /// one can reach as well. So the time is at most pattern times text. As in Redis, an empty text matches the empty pattern only.
    /// </remarks>
    public static bool IsMatch(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text, bool ignoreCase = false)
    {
        if (text.IsEmpty) return pattern.IsEmpty;
        int p = 0, t = 0, afterStar = -1, starText = 0, stars = 0;
        for (var steps = 0L; steps < StepsMax; steps++)
        {
            if (t == text.Length)
            {
                while (p < pattern.Length && pattern[p] == (byte)'*') p++;

                // Starting the rest of the pattern later in the text would only leave fewer bytes for it.
                return p == pattern.Length;
            }

            if (p < pattern.Length && pattern[p] == (byte)'*')
            {
                while (p < pattern.Length && pattern[p] == (byte)'*') p++;
                if (p == pattern.Length) return true;
                if (++stars > StarsMax) return false;
                afterStar = p;
                starText = t;
                continue;
            }

            if (p < pattern.Length && MatchesOne(pattern, ref p, text[t], ignoreCase))
            {
                t++;
                continue;
            }

            if (afterStar < 0 || ++starText == text.Length) return false;
            p = afterStar;
            t = starText;
        }

        return false;
    }

    // Leaves p after the part of the pattern that was compared with the byte.
    private static bool MatchesOne(ReadOnlySpan<byte> pattern, ref int p, byte c, bool ignoreCase)
    {
        var wanted = pattern[p++];
        switch (wanted)
        {
            case (byte)'?':
                return true;
            case (byte)'[':
                return MatchesClass(pattern, ref p, c, ignoreCase);
            case (byte)'\\' when p < pattern.Length:
                wanted = pattern[p++];
                break;
        }

        return ignoreCase ? Lower(wanted) == Lower(c) : wanted == c;
    }

    // Quirks kept from Redis: a class may end with the pattern, bytes are signed, bounds may be swapped, ']' may be the upper
    // bound, and an escaped byte is compared with its case.
    private static bool MatchesClass(ReadOnlySpan<byte> pattern, ref int p, byte c, bool ignoreCase)
    {
        var not = p < pattern.Length && pattern[p] == (byte)'^';
        if (not) p++;
        var match = false;
        for (; p < pattern.Length && pattern[p] != (byte)']'; p++)
        {
            if (pattern[p] == (byte)'\\' && p + 1 < pattern.Length)
            {
                match |= pattern[++p] == c;
            }
            else if (p + 2 < pattern.Length && pattern[p + 1] == (byte)'-')
            {
                match |= InRange((sbyte)pattern[p], (sbyte)pattern[p + 2], (sbyte)c, ignoreCase);
                p += 2;
            }
            else
            {
                match |= ignoreCase ? Lower(pattern[p]) == Lower(c) : pattern[p] == c;
            }
        }

        if (p < pattern.Length) p++;
        return match != not;
    }

    private static bool InRange(sbyte first, sbyte last, sbyte c, bool ignoreCase)
    {
        if (first > last) (first, last) = (last, first);
        if (!ignoreCase) return c >= first && c <= last;
        var lower = (sbyte)Lower((byte)c);
        return lower >= (sbyte)Lower((byte)first) && lower <= (sbyte)Lower((byte)last);
    }

    private static byte Lower(byte c) => c is >= (byte)'A' and <= (byte)'Z' ? (byte)(c | 0x20) : c;
}
