namespace Hal.Cache.Resp;

/// <summary>Splits inline requests by the rules of Redis's sdssplitargs.</summary>
internal static class InlineArgs
{
    /// <summary>Adds the words of a line without quotes, as ranges of the line.</summary>
    public static void Split(ReadOnlySpan<byte> line, RespRequestParser parser)
    {
        var at = 0;
        while (true)
        {
            while (at < line.Length && IsSpace(line[at])) at++;
            if (at == line.Length) return;
            var start = at;
            while (at < line.Length && !EndsWord(line[at])) at++;
            parser.Add(new ArgRange(start, at - start, -1));
        }
    }

    /// <summary>
    /// Adds the words of a line as ranges of <paramref name="target"/>, which is as long as the line; false when a quote is not closed
    /// well.
    /// </summary>
    public static bool TryUnquote(ReadOnlySpan<byte> line, Span<byte> target, RespRequestParser parser, out int written)
    {
        var at = 0;
        written = 0;
        while (true)
        {
            while (at < line.Length && IsSpace(line[at])) at++;
            if (at == line.Length) return true;
            var start = written;
            var closed = false;

            // A word may begin plain and go on quoted; a closing quote always ends it.
            while (!closed && at < line.Length && !EndsWord(line[at]))
            {
                var quote = line[at++];
                if (quote is not ((byte)'"' or (byte)'\''))
                {
                    target[written++] = quote;
                    continue;
                }

                if (!TryUnquoteOne(line, quote, ref at, target, ref written)) return false;
                closed = true;
            }

            parser.Add(new ArgRange(start, written - start, -1));
        }
    }

    private static bool TryUnquoteOne(ReadOnlySpan<byte> line, byte quote, ref int at, Span<byte> target, ref int written)
    {
        while (at < line.Length)
        {
            var c = line[at++];
            if (c == quote) return at == line.Length || IsSpace(line[at]);
            if (c == (byte)'\\' && at < line.Length)
            {
                if (quote == (byte)'\'')
                {
                    if (line[at] == (byte)'\'') c = line[at++];
                }
                else
                {
                    c = Unescape(line, ref at);
                }
            }

            target[written++] = c;
        }

        return false;
    }

    private static byte Unescape(ReadOnlySpan<byte> line, ref int at)
    {
        var c = line[at++];
        if (c == (byte)'x' && at + 1 < line.Length && char.IsAsciiHexDigit((char)line[at]) && char.IsAsciiHexDigit((char)line[at + 1]))
        {
            var value = (byte)((HexDigit(line[at]) << 4) | HexDigit(line[at + 1]));
            at += 2;
            return value;
        }

        return c switch
        {
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'b' => (byte)'\b',
            (byte)'a' => (byte)'\a',
            _ => c,
        };
    }

    private static int HexDigit(byte c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

    // C's isspace; the four that end a plain word are fewer, so that a vertical tab is skipped before a word and kept within it.
    private static bool IsSpace(byte c) => c is (byte)' ' or (>= 9 and <= 13);

    private static bool EndsWord(byte c) => c is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';
}
