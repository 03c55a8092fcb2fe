using System.Globalization;
using System.Text;

namespace Hal.Cache.Gateway.PubSub;

/// <summary>An out-of-band message in both protocols, each written when it is first asked for. For one thread.</summary>
internal sealed class PushText(params byte[][] parts)
{
    private readonly byte[]?[] texts = new byte[2][];

    /// <summary>The bytes for a client of the protocol's version 2 or 3.</summary>
    public ReadOnlySpan<byte> For(int protocol) => texts[protocol - 2] ??= Write(protocol);

    private byte[] Write(int protocol)
    {
        using var text = new MemoryStream();
        Line(text, protocol == 3 ? '>' : '*', parts.Length);
        foreach (byte[] part in parts)
        {
            Line(text, '$', part.Length);
            text.Write(part);
            text.Write("\r\n"u8);
        }

        return text.ToArray();
    }

    private static void Line(MemoryStream text, char kind, int value) =>
        text.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{kind}{value}\r\n")));
}
