using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Hal.Cache.Client.Caching;

/// <summary>Reads replies of RESP2; throws <see cref="InvalidDataException"/> on what is none, <see cref="IOException"/> at the end.</summary>
internal sealed class RespReplies(PipeReader input, int bulkBytesMax)
{
    private const int LineBytesMax = 64 << 10;
    private const int ItemsMax = 1 << 20;
    private const int DepthMax = 8;

    public async ValueTask<RespValue> ReadAsync(CancellationToken cancellation, int depth = 0)
    {
        if (depth > DepthMax) throw new InvalidDataException($"a reply is nested deeper than {DepthMax}");
        var line = await LineAsync(cancellation);
        var rest = line.AsMemory(1);
        switch ((char)line[0])
        {
            case '+' or ':':
                return new RespValue(rest.ToArray(), null, false);
            case '-':
                return new RespValue(rest.ToArray(), null, true);
            case '$':
                var length = Length(rest.Span, bulkBytesMax);
                return length < 0 ? default : new RespValue(await BulkAsync(length, cancellation), null, false);
            case '*':
                var count = Length(rest.Span, ItemsMax);
                if (count < 0) return default;
                var items = new RespValue[count];
                for (var i = 0; i < count; i++) items[i] = await ReadAsync(cancellation, depth + 1);
                return new RespValue(null, items, false);
            default:
                throw new InvalidDataException($"a reply can't begin with byte {line[0]}");
        }
    }

    private async ValueTask<byte[]> BulkAsync(int length, CancellationToken cancellation)
    {
        var read = await input.ReadAtLeastAsync(length + 2, cancellation);
        if (read.Buffer.Length < length + 2) throw new IOException("the connection was closed within a reply");
        var value = read.Buffer.Slice(0, length).ToArray();
        input.AdvanceTo(read.Buffer.GetPosition(length + 2));
        return value;
    }

    private async ValueTask<byte[]> LineAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellation);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = read.Buffer.Slice(0, end).ToArray();
                input.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line is [_, .., (byte)'\r'] ? line[..^1] : throw new InvalidDataException("a line of a reply is empty, or does not end as it should");
            }
            if (read.IsCompleted) throw new IOException("the connection was closed");
            if (read.Buffer.Length > LineBytesMax) throw new InvalidDataException($"a line of a reply is longer than {LineBytesMax} bytes");
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static int Length(ReadOnlySpan<byte> text, int max) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var length) && length >= -1 && length <= max
            ? length
            : throw new InvalidDataException($"a reply's length is '{Encoding.ASCII.GetString(text)}'; at most {max} is taken");
}
