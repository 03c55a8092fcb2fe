using System.Buffers.Text;
using System.Text;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Collections;

/// <summary>What HSCAN, SSCAN and ZSCAN have in common: the cursor, the options, and the form of the reply.</summary>
internal ref struct ElementScan
{
    private const int CountDefault = 10;

    /// <summary>Elements that one call visits at most, whatever the client asks for.</summary>
    private const int CountMax = 100_000;

    public ulong Cursor { get; private set; }

    public int Count { get; private set; }

    private byte[]? pattern;

    /// <summary>Reads the cursor argument; false with the error replied.</summary>
    public static bool TryCursor(CommandContext c, int arg, out ulong cursor)
    {
        // C's strtoul: nothing is 0, and a sign may be there.
        ReadOnlySpan<byte> text = c.Arg(arg), digits = text;
        cursor = 0;
        if (text.IsEmpty) return true;
        if (text[0] is (byte)'+' or (byte)'-') digits = text[1..];
        if (Utf8Parser.TryParse(digits, out cursor, out int used) && used == digits.Length)
        {
            if (text[0] == (byte)'-') cursor = unchecked(0 - cursor);
            return true;
        }

        c.Error("ERR invalid cursor"u8);
        return false;
    }

    /// <summary>Reads the options; false with the error replied.</summary>
    public static bool TryParse(CommandContext c, ulong cursor, out ElementScan scan)
    {
        scan = new ElementScan { Cursor = cursor, Count = CountDefault };
        for (int arg = 3; arg < c.Count; arg += 2)
        {
            bool more = arg + 1 < c.Count;
            if (more && c.Is(arg, "COUNT"u8))
            {
                if (!c.TryLong(arg + 1, out long count)) return false;
                if (count < 1)
                {
                    c.Syntax();
                    return false;
                }

                scan.Count = (int)Math.Min(count, CountMax);
            }
            else if (more && c.Is(arg, "MATCH"u8))
            {
                scan.pattern = c.Arg(arg + 1).ToArray();
            }
            else
            {
                c.Syntax();
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Whether the scan is to run at the authority, by <see cref="CollectionAccess.AtAuthority"/>: a cursor means a place in the order of its table, which the
    /// next copy of the collection does not have. A compact one is answered whole, and needs none.
    /// </summary>
    public static bool NeedsAuthority(CommandContext c, ulong cursor, bool isCompact) => c.ReadsCopies() && (cursor != 0 || !isCompact);

    public static Outcome Empty(CommandContext c)
    {
        c.Reply.ArrayHeader(2);
        c.Reply.Bulk("0"u8);
        c.Reply.ArrayHeader(0);
        return Outcome.Done;
    }

    /// <summary>A test of elements' names.</summary>
    public readonly Func<ReadOnlyMemory<byte>, bool> Matcher
    {
        get
        {
            byte[]? wanted = pattern;
            if (wanted is null || wanted.AsSpan().SequenceEqual("*"u8)) return static _ => true;
            return name => GlobPattern.IsMatch(wanted, name.Span);
        }
    }

    /// <summary>Writes the next cursor and what was collected in a writer of its own.</summary>
    public static Outcome Write(CommandContext c, ulong next, RespWriter found, int count)
    {
        c.Reply.ArrayHeader(2);
        c.Reply.Text(next);
        c.Reply.ArrayHeader(count);
        c.Reply.Raw(found.WrittenSpan);
        return Outcome.Done;
    }
}
