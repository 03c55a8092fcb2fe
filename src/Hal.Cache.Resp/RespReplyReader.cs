using System.Text;

namespace Hal.Cache.Resp;

/// <summary>
/// Reads replies of either protocol from a stream, one tree at a time: the client's side, for peers, tools and tests. Not
/// thread-safe; the stream stays the caller's.
/// </summary>
public sealed class RespReplyReader(Stream stream)
{
    private const int BufferBytes = 16 * 1024;

    // A bulk's memory grows with what arrived, so that an announced length alone costs nothing.
    private const int BulkBytesStep = 1024 * 1024;
    private const int ItemsStep = 1024;

    private byte[] buffer = new byte[BufferBytes];
    private int start;
    private int end;
    private int items;

    /// <summary>Deepest nesting accepted.</summary>
    public int DepthMax { get; init; } = RespLimits.ReplyDepthMax;

    /// <summary>Longest string accepted, in bytes.</summary>
    public int BulkBytesMax { get; init; } = (int)RespLimits.BulkBytesMax;

    /// <summary>Most values accepted in one reply, the nested ones counted.</summary>
    public int ItemsMax { get; init; } = RespLimits.ReplyItemsMax;

    /// <summary>
    /// Reads the next reply; throws <see cref="EndOfStreamException"/> when the stream ends, and <see cref="RespProtocolException"/>
    /// for anything that is no reply within the limits.
    /// </summary>
    public ValueTask<RespValue> ReadAsync(CancellationToken cancellationToken = default)
    {
        items = 0;
        return ReadValueAsync(0, cancellationToken);
    }

    private async ValueTask<RespValue> ReadValueAsync(int depth, CancellationToken cancellationToken)
    {
        if (depth > DepthMax) throw new RespProtocolException($"A reply is nested deeper than {DepthMax}.");
        if (++items > ItemsMax) throw new RespProtocolException($"A reply has more than {ItemsMax} values.");

        var line = await ReadLineAsync(cancellationToken);
        if (line.IsEmpty) throw new RespProtocolException("A reply starts with an empty line.");
        var kind = line.Span[0];
        var text = line[1..];
        switch (kind)
        {
            case (byte)'+':
                return new RespValue(RespKind.SimpleString) { Bytes = text.ToArray() };
            case (byte)'-':
                return new RespValue(RespKind.Error) { Bytes = text.ToArray() };
            case (byte)':':
                return new RespValue(RespKind.Integer) { Number = Integer(text.Span) };
            case (byte)'(':
                return new RespValue(RespKind.BigNumber) { Bytes = text.ToArray() };
            case (byte)',':
                return new RespValue(RespKind.Double) { Bytes = text.ToArray(), Real = Real(text.Span) };
            case (byte)'#':
                return new RespValue(RespKind.Boolean) { Number = Truth(text.Span) };
            case (byte)'_':
                return new RespValue(RespKind.Null);
            case (byte)'$':
                return Length(text.Span) is var length && length < 0
                    ? new RespValue(RespKind.Null)
                    : new RespValue(RespKind.Bulk) { Bytes = await ReadBodyAsync(length, cancellationToken) };
            case (byte)'!':
                return new RespValue(RespKind.BulkError) { Bytes = await ReadBodyAsync(Length(text.Span), cancellationToken) };
            case (byte)'=':
                return Verbatim(await ReadBodyAsync(Length(text.Span), cancellationToken));
            case (byte)'*':
                return Length(text.Span) is var count && count < 0
                    ? new RespValue(RespKind.NullArray)
                    : await ReadItemsAsync(RespKind.Array, count, depth, cancellationToken);
            case (byte)'~':
                return await ReadItemsAsync(RespKind.Set, Length(text.Span), depth, cancellationToken);
            case (byte)'>':
                return await ReadItemsAsync(RespKind.Push, Length(text.Span), depth, cancellationToken);
            case (byte)'%':
                return await ReadItemsAsync(RespKind.Map, 2 * Length(text.Span), depth, cancellationToken);
            case (byte)'|':
                var attributes = await ReadItemsAsync(RespKind.Map, 2 * Length(text.Span), depth, cancellationToken);
                return await ReadValueAsync(depth + 1, cancellationToken) with { Attributes = attributes.Items };
            default:
                throw new RespProtocolException($"A reply starts with byte 0x{kind:x2}.");
        }
    }

    private async ValueTask<RespValue> ReadItemsAsync(RespKind kind, long count, int depth, CancellationToken cancellationToken)
    {
        if (count < 0) throw new RespProtocolException("A reply has a negative count.");
        if (count > ItemsMax - items) throw new RespProtocolException($"A reply has more than {ItemsMax} values.");
        var values = new List<RespValue>((int)Math.Min(count, ItemsStep));
        for (var i = 0L; i < count; i++) values.Add(await ReadValueAsync(depth + 1, cancellationToken));
        return new RespValue(kind) { Items = values };
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(long length, CancellationToken cancellationToken)
    {
        if (length < 0) throw new RespProtocolException("A string has a negative length.");
        if (length > BulkBytesMax) throw new RespProtocolException($"A string of {length} bytes is longer than {BulkBytesMax}.");
        var body = new byte[Math.Min(length, BulkBytesStep)];
        var filled = 0;
        while (true)
        {
            filled += TakeBuffered(body.AsSpan(filled));
            if (filled < body.Length) filled += await ReadSomeAsync(body.AsMemory(filled), cancellationToken);
            if (filled == length) break;
            if (filled == body.Length) Array.Resize(ref body, (int)Math.Min(length, 2L * body.Length));
        }

        while (end - start < 2) await FillAsync(cancellationToken);
        if (buffer[start] != (byte)'\r' || buffer[start + 1] != (byte)'\n')
            throw new RespProtocolException("A string does not end where it should.");
        start += 2;
        return body;
    }

    // The line without its end; valid until the next read.
    private async ValueTask<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancellationToken)
    {
        var searched = 0;
        while (true)
        {
            var found = buffer.AsSpan(start + searched, end - start - searched).IndexOf("\r\n"u8);
            if (found >= 0)
            {
                var line = buffer.AsMemory(start, searched + found);
                start += searched + found + 2;
                return line;
            }

            searched = Math.Max(0, end - start - 1); // the last byte may be the '\r'
            if (searched > RespLimits.InlineBytesMax)
                throw new RespProtocolException($"A line is longer than {RespLimits.InlineBytesMax} bytes.");
            await FillAsync(cancellationToken);
        }
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (start == end)
        {
            start = end = 0;
        }
        else if (end == buffer.Length)
        {
            var target = start > 0 ? buffer : new byte[buffer.Length * 2];
            buffer.AsSpan(start, end - start).CopyTo(target);
            buffer = target;
            end -= start;
            start = 0;
        }

        end += await ReadSomeAsync(buffer.AsMemory(end), cancellationToken);
    }

    private async ValueTask<int> ReadSomeAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        var read = await stream.ReadAsync(target, cancellationToken);
        return read > 0 ? read : throw new EndOfStreamException("The stream ended before the reply did.");
    }

    private int TakeBuffered(Span<byte> target)
    {
        var count = Math.Min(target.Length, end - start);
        buffer.AsSpan(start, count).CopyTo(target);
        start += count;
        return count;
    }

    private static long Integer(ReadOnlySpan<byte> text)
    {
        if (text.Length > 1 && text[0] == (byte)'+') text = text[1..];
        return RedisInteger.TryParse(text, out var value) ? value : throw new RespProtocolException("An integer is malformed.");
    }

    private static long Length(ReadOnlySpan<byte> text) =>
        RedisInteger.TryParse(text, out var value) && value is >= -1 and <= int.MaxValue
            ? value
            : throw new RespProtocolException("A length or count is malformed.");

    private static double Real(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("nan"u8)) return double.NaN;
        return RedisDouble.TryParse(text, out var value) ? value : throw new RespProtocolException("A double is malformed.");
    }

    private static long Truth(ReadOnlySpan<byte> text) => text.Length == 1 && text[0] is (byte)'t' or (byte)'f'
        ? text[0] == (byte)'t' ? 1 : 0
        : throw new RespProtocolException("A boolean is malformed.");

    private static RespValue Verbatim(ReadOnlyMemory<byte> body)
    {
        if (body.Length < 4 || body.Span[3] != (byte)':') throw new RespProtocolException("A verbatim string has no format.");
        return new RespValue(RespKind.Verbatim) { Format = Encoding.ASCII.GetString(body.Span[..3]), Bytes = body[4..] };
    }
}
