using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Commands about the connection itself.</summary>
internal static class ConnectionCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("ping", -1, CommandFlags.Fast, KeySpec.None, AclCategories.Connection, "1.0.0", "Answers PONG, or its argument.", "O(1)", Ping)
        {
            Group = "connection",
        },
    ];

    private static Outcome Ping(CommandContext c)
    {
        if (c.Count > 2)
            return c.WrongArity();
        if (c.Count == 2)
            c.Reply.Bulk(c.Arg(1));
        else
            c.Reply.SimpleString("PONG"u8);
        return Outcome.Done;
    }
}
