using Hal.Cache.Node.Streams;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Streams;

/// <summary>Stream IDs as arguments.</summary>
internal static class StreamIds
{
    private const int TextBytesMax = 127;

    /// <summary>Reads an ID, with a number for its second part where it has none; "-" and "+" only where it is not strict. False with Redis's error replied.</summary>
    public static bool TryId(this CommandContext c, int arg, ulong missing, bool strict, out StreamId id)
    {
        if (TryParse(c.Arg(arg), missing, strict, out id, out bool hasNumber) && hasNumber) return true;
        c.Error("ERR Invalid stream ID specified as stream command argument"u8);
        return false;
    }

    /// <summary>Reads XADD's ID, which may leave its second part to the stream by "*". False with Redis's error replied.</summary>
    public static bool TryNewId(this CommandContext c, int arg, out StreamId id, out bool hasNumber)
    {
        if (TryParse(c.Arg(arg), 0, true, out id, out hasNumber)) return true;
        c.Error("ERR Invalid stream ID specified as stream command argument"u8);
        return false;
    }

    /// <summary>Reads the IDs from an argument on, all strictly. False with Redis's error replied.</summary>
    public static bool TryIds(this CommandContext c, int firstArg, out StreamId[] ids)
    {
        ids = new StreamId[c.Count - firstArg];
        for (int i = 0; i < ids.Length; i++)
        {
            if (!c.TryId(firstArg + i, 0, true, out ids[i])) return false;
        }

        return true;
    }

    /// <summary>Reads an end of an interval, open where "(" is before it. False with Redis's error replied.</summary>
    public static bool TryBound(this CommandContext c, int arg, bool isStart, out StreamId id)
    {
        ReadOnlySpan<byte> text = c.Arg(arg);
        bool isOpen = text.Length > 1 && text[0] == (byte)'(';
        if (!TryParse(isOpen ? text[1..] : text, isStart ? 0 : ulong.MaxValue, isOpen, out id, out bool hasNumber) || !hasNumber)
        {
            c.Error("ERR Invalid stream ID specified as stream command argument"u8);
            return false;
        }

        if (!isOpen || (isStart ? id.TryNext(out id) : id.TryPrevious(out id))) return true;
        c.Error(isStart ? "ERR invalid start ID for the interval"u8 : "ERR invalid end ID for the interval"u8);
        return false;
    }

    /// <summary>Reads an ID's text.</summary>
    /// <param name="hasNumber">False where the second part is "*".</param>
    public static bool TryParse(ReadOnlySpan<byte> text, ulong missing, bool strict, out StreamId id, out bool hasNumber)
    {
        id = default;
        hasNumber = true;
        if (text.Length > TextBytesMax) return false;
        if (text.Length == 1 && text[0] is ((byte)'-' or (byte)'+'))
        {
            if (text[0] == (byte)'+') id = StreamId.Max;
            return !strict;
        }

        int end = text.IndexOf((byte)0); // where Redis's C strings end
        if (end >= 0) text = text[..end];
        int dash = text.IndexOf((byte)'-');
        if (!TryNumber(dash < 0 ? text : text[..dash], out ulong ms)) return false;
        ulong seq = missing;
        if (dash >= 0)
        {
            hasNumber = !text[(dash + 1)..].SequenceEqual("*"u8);
            seq = 0;
            if (hasNumber && !TryNumber(text[(dash + 1)..], out seq)) return false;
        }

        id = new(ms, seq);
        return true;
    }

    // As C's strtoull, which takes spaces, zeros and a sign in front, where the text is no canonical number.
    private static bool TryNumber(ReadOnlySpan<byte> text, out ulong number)
    {
        bool isCanonical = RedisInteger.TryParse(text, out long signed);
        number = (ulong)signed;
        if (isCanonical) return signed >= 0;
        text = text.TrimStart(" \t\n\v\f\r"u8);
        bool isNegative = text.Length > 0 && text[0] == (byte)'-';
        if (text.Length > 0 && text[0] is ((byte)'-' or (byte)'+')) text = text[1..];
        if (text.IsEmpty) return false;
        number = 0;
        foreach (byte one in text)
        {
            uint digit = (uint)one - '0';
            if (digit > 9 || number > (ulong.MaxValue - digit) / 10) return false;
            number = (number * 10) + digit;
        }

        if (isNegative) number = unchecked(0 - number);
        return true;
    }
}
