using System.Text;
using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Commands;

/// <summary>CLIENT: the connection about itself. What concerns others is in <see cref="ClientAdminCommands"/>.</summary>
internal static class ClientCommands
{
    internal const CommandFlags Own = CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;

    public static readonly CommandSpec[] Specs =
    [
        new("client", -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
        {
            Group = "connection", Since = "2.4.0", Categories = ["connection"], Complexity = "Depends on subcommand.", Summary = "Commands about connections.",
            Subcommands =
            [
                Row("id", 2, Own, Id, "5.0.0", "Tells the connection's number."),
                Row("getname", 2, Own, GetName, "2.6.9", "Tells the connection's name."),
                Row("setname", 3, Own, SetName, "2.6.9", "Names the connection."),
                Row("setinfo", 4, Own, SetInfo, "7.2.0", "Tells about the client's library."),
                Row("no-evict", 3, Own | CommandFlags.Admin, NoEvict, "7.0.0", "Sets whether the connection may be closed to save memory."),
                Row("no-touch", 3, Own, NoTouch, "7.2.0", "Sets whether reads count as uses of the keys."),
                Row("reply", 3, Own, Reply, "3.2.0", "Sets which replies the client gets."),
                .. ClientAdminCommands.Rows,
                .. ClientTrackingCommands.Rows,
            ],
        },
    ];

    internal static ReadOnlySpan<byte> BadName => "ERR Client names cannot contain spaces, newlines or special characters."u8;

    internal static CommandSpec Row(string name, int arity, CommandFlags flags, CommandHandler handler, string since, string summary) =>
        new(name, arity, flags, KeySpec.None, handler) { Group = "connection", Since = since, Categories = ["connection"], Summary = summary };

    private static Outcome Id(CommandContext c)
    {
        c.Reply.Integer(c.Client.Id);
        return Outcome.Done;
    }

    private static Outcome GetName(CommandContext c)
    {
        if (c.Client.Name.Length == 0) c.Reply.Null();
        else c.Reply.ClientText(c.Client.Name);
        return Outcome.Done;
    }

    private static Outcome SetName(CommandContext c)
    {
        if (!ConnectionCommands.IsName(c.Arg(2)) || c.Arg(2).Length > GatewayLimits.ClientNameBytesMax) return c.Error(BadName);
        c.Client.Name = Encoding.Latin1.GetString(c.Arg(2));
        return c.Ok();
    }

    private static Outcome SetInfo(CommandContext c)
    {
        bool name = Ascii.EqualsIgnoreCase(c.Arg(2), "lib-name"u8);
        if (!name && !Ascii.EqualsIgnoreCase(c.Arg(2), "lib-ver"u8)) return c.Error($"ERR Unrecognized option '{RespErrors.Cut(c.Arg(2))}'");
        if (!ConnectionCommands.IsName(c.Arg(3)) || c.Arg(3).Length > GatewayLimits.ClientNameBytesMax)
            return c.Error($"ERR {RespErrors.Cut(c.Arg(2))} cannot contain spaces, newlines or special characters.");
        string value = Encoding.Latin1.GetString(c.Arg(3));
        if (name) c.Client.LibraryName = value;
        else c.Client.LibraryVersion = value;
        return c.Ok();
    }

    private static Outcome NoEvict(CommandContext c)
    {
        if (!TryOnOff(c, out bool on)) return c.Syntax();
        c.Client.NoEvict = on;
        return c.Ok();
    }

    private static Outcome NoTouch(CommandContext c)
    {
        if (!TryOnOff(c, out bool on)) return c.Syntax();
        c.Client.NoTouch = on;
        return c.Ok();
    }

    private static Outcome Reply(CommandContext c)
    {
        if (Ascii.EqualsIgnoreCase(c.Arg(2), "on"u8))
        {
            c.Client.Replies = ReplyMode.On;
            return c.Ok();
        }

        if (Ascii.EqualsIgnoreCase(c.Arg(2), "off"u8)) c.Client.Replies = ReplyMode.Off;
        else if (!Ascii.EqualsIgnoreCase(c.Arg(2), "skip"u8)) return c.Syntax();
        else if (c.Client.Replies != ReplyMode.Off) c.Client.Replies = ReplyMode.SkipNext;
        return Outcome.Done;
    }

    private static bool TryOnOff(CommandContext c, out bool on)
    {
        on = Ascii.EqualsIgnoreCase(c.Arg(2), "on"u8);
        return on || Ascii.EqualsIgnoreCase(c.Arg(2), "off"u8);
    }
}
