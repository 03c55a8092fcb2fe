using System.Globalization;
using System.Text;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Replies that are texts: each character is one byte where it is from a client, UTF-8 where it is ours.</summary>
internal static class ReplyTexts
{
    private const int TextBytesOnStack = 512;

    /// <summary>Writes a text as a bulk string.</summary>
    public static void Text(this RespWriter reply, string text)
    {
        int bytes = Encoding.UTF8.GetByteCount(text);
        Span<byte> buffer = bytes <= TextBytesOnStack ? stackalloc byte[TextBytesOnStack] : new byte[bytes];
        reply.Bulk(buffer[..Encoding.UTF8.GetBytes(text, buffer)]);
    }

    /// <summary>Writes a client's bytes, kept as Latin-1 text, as a bulk string.</summary>
    public static void ClientText(this RespWriter reply, string text) => reply.Bulk(Encoding.Latin1.GetBytes(text));

    /// <summary>Writes a status.</summary>
    public static void Status(this RespWriter reply, string text) => reply.SimpleString(Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a text that RESP3 clients may show as it is.</summary>
    public static void VerbatimText(this RespWriter reply, string text) => reply.Verbatim("txt"u8, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes the lines of a HELP subcommand: the first two are the same for all containers.</summary>
    public static Outcome Help(this CommandContext c, params ReadOnlySpan<string> lines)
    {
        string container = (c.Spec.Container ?? c.Spec).Name.ToUpperInvariant();
        c.Reply.ArrayHeader(lines.Length + 3);
        c.Reply.Status(string.Create(CultureInfo.InvariantCulture, $"{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
        foreach (string line in lines) c.Reply.Status(line);
        c.Reply.Status("HELP");
        c.Reply.Status("    Print this help.");
        return Outcome.Done;
    }
}
