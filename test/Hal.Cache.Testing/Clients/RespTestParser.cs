using System.Buffers.Text;

namespace Hal.Cache.Testing.Clients;

/// <summary>Reads one RESP2 or RESP3 reply from the beginning of a buffer.</summary>
public static class RespTestParser
{
    private const int DepthMax = 64;

    /// <summary>False when the buffer ends inside the reply; throws <see cref="FormatException"/> when the bytes are no reply.</summary>
    public static bool TryParse(ReadOnlySpan<byte> buffer, out RespTestReply? reply, out int consumed)
    {
        consumed = 0;
        reply = Parse(buffer, ref consumed, 0);
        return reply is not null;
    }

    private static RespTestReply? Parse(ReadOnlySpan<byte> buffer, ref int position, int depth)
    {
        if (depth > DepthMax) throw new FormatException($"A reply is nested deeper than {DepthMax}.");
        var rest = buffer[position..];
        var end = rest.IndexOf("\r\n"u8);
        if (end < 0) return null;
        if (end == 0) throw new FormatException("A reply begins with an empty line.");
        var type = (char)rest[0];
        var line = rest[1..end];
        position += end + 2;
        return type switch
        {
            '+' or '-' or ':' or ',' or '#' or '(' => new RespTestReply(type, line.ToArray(), null),
            '_' => new RespTestReply(type, null, null),
            '$' or '=' or '!' => Bulk(type, Count(line), buffer, ref position),
            '*' or '~' or '>' => Aggregate(type, Count(line), buffer, ref position, depth),
            '%' or '|' => Aggregate(type, Count(line) * 2, buffer, ref position, depth),
            _ => throw new FormatException($"'{RespTestReply.Printable(rest[..end])}' is not a reply."),
        };
    }

    private static RespTestReply? Bulk(char type, int length, ReadOnlySpan<byte> buffer, ref int position)
    {
        if (length < 0) return new RespTestReply(type, null, null);
        if (buffer.Length - position < length + 2) return null;
        var body = buffer.Slice(position, length);
        if (!buffer.Slice(position + length, 2).SequenceEqual("\r\n"u8)) throw new FormatException($"A bulk reply of {length} bytes does not end with CRLF.");
        position += length + 2;
        return new RespTestReply(type, body.ToArray(), null);
    }

    private static RespTestReply? Aggregate(char type, int count, ReadOnlySpan<byte> buffer, ref int position, int depth)
    {
        if (count < 0) return new RespTestReply(type, null, null);
        var items = new List<RespTestReply>();
        for (var i = 0; i < count; i++)
        {
            if (Parse(buffer, ref position, depth + 1) is not { } item) return null;
            items.Add(item);
        }

        return new RespTestReply(type, null, items);
    }

    private static int Count(ReadOnlySpan<byte> line)
    {
        if (Utf8Parser.TryParse(line, out int value, out var used) && used == line.Length && value >= -1) return value;
        throw new FormatException($"'{RespTestReply.Printable(line)}' is not a length.");
    }
}
