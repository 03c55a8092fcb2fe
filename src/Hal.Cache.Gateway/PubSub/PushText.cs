using System.Buffers.Text;
using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.PubSub;

/// <summary>An out-of-band message in both protocols, each written once, when it is first asked for, in one buffer of its size. For one thread.</summary>
internal sealed class PushText(params byte[][] parts) : IClientMessage
{
    /// <summary>Bytes of a line with a length: its kind, up to ten digits, and its end.</summary>
    private const int LineBytesMax = 13;

    private byte[]? second;
    private byte[]? third;

    /// <summary>The bytes for a client of the protocol's version 2 or 3.</summary>
    public ReadOnlySpan<byte> For(int protocol) => protocol == 3 ? third ??= Write((byte)'>') : second ??= Write((byte)'*');

    public ReadOnlySpan<byte> For(ClientSession client) => For(client.Protocol);

    private byte[] Write(byte kind)
    {
        Span<byte> line = stackalloc byte[LineBytesMax];
        int length = Line(line, kind, parts.Length);
        foreach (byte[] part in parts) length += Line(line, (byte)'$', part.Length) + part.Length + 2;
        byte[] text = new byte[length];
        int at = Line(text, kind, parts.Length);
        foreach (byte[] part in parts)
        {
            at += Line(text.AsSpan(at), (byte)'$', part.Length);
            part.CopyTo(text, at);
            at += part.Length;
            "\r\n"u8.CopyTo(text.AsSpan(at));
            at += 2;
        }

        return text;
    }

    private static int Line(Span<byte> to, byte kind, int value)
    {
        to[0] = kind;
        Utf8Formatter.TryFormat(value, to[1..], out int digits);
        "\r\n"u8.CopyTo(to[(digits + 1)..]);
        return digits + 3;
    }
}
