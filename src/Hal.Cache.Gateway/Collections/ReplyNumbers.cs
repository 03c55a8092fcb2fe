using System.Buffers.Text;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Collections;

/// <summary>Numbers as bulk strings in either protocol.</summary>
internal static class ReplyNumbers
{
    /// <summary>Writes a cursor.</summary>
    public static void Text(this RespWriter reply, ulong value)
    {
        Span<byte> digits = stackalloc byte[RedisInteger.BytesMax];
        Utf8Formatter.TryFormat(value, digits, out int length);
        reply.Bulk(digits[..length]);
    }

    /// <summary>Writes a score as text, which RESP3 clients get as such where Redis does not send a double.</summary>
    public static void TextDouble(this RespWriter reply, double value)
    {
        Span<byte> text = stackalloc byte[RedisDouble.BytesMax];
        reply.Bulk(text[..RedisDouble.Format(value, text)]);
    }
}
