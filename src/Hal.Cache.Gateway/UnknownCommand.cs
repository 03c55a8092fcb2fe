using System.Text;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway;

/// <summary>The error for a command that is in no table, with as much of it as errors show.</summary>
internal static class UnknownCommand
{
    private const int ShownArgBytesMax = 128;

    /// <summary>
    /// Whether the name begins a line of HTTP that a web page can make a browser send here: as in Redis the connection ends, without a word, before the
    /// body is taken for commands.
    /// </summary>
    public static bool IsHttp(ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(name, "post"u8) || Ascii.EqualsIgnoreCase(name, "host:"u8);

    public static void Refuse(CommandContext context)
    {
        // Latin-1 keeps each byte of the arguments as it is.
        var text = new StringBuilder("ERR unknown command '");
        text.Append(Shown(Begin(context, 0))).Append("', with args beginning with: ");
        int start = text.Length;
        for (int i = 1; i < context.Count && text.Length - start < ShownArgBytesMax; i++)
            text.Append('\'').Append(Shown(Begin(context, i))).Append("' ");
        context.Error(Encoding.Latin1.GetBytes(text.ToString()));
    }

    /// <summary>As much of an argument as errors show, also of one that was streamed.</summary>
    public static ReadOnlySpan<byte> Begin(CommandContext context, int arg)
    {
        if (context.LargeArg(arg) is not { } large)
            return context.Arg(arg);
        byte[] begin = new byte[ShownArgBytesMax];
        return begin.AsSpan(0, large.TryRead(0, begin));
    }

    private static string Shown(ReadOnlySpan<byte> arg) =>
        Encoding.Latin1.GetString(arg[..Math.Min(arg.Length, ShownArgBytesMax)]);
}
