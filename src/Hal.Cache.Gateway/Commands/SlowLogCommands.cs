using Hal.Cache.Gateway.Server;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Commands that were slow, and commands as they run.</summary>
internal static class SlowLogCommands
{
    private const CommandFlags Flags = CommandFlags.Admin | CommandFlags.Loading | CommandFlags.Stale;
    private const int CountDefault = 10;

    public static readonly CommandSpec[] Specs =
    [
        new("slowlog", -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
        {
            Group = "server", Since = "2.2.12", Summary = "Tells of slow commands.",
            Subcommands =
            [
                Row("get", -2, Get, "2.2.12", "Lists slow commands, the newest first."),
                Row("len", 2, Length, "2.2.12", "Counts the slow commands that are kept."),
                Row("reset", 2, Reset, "2.2.12", "Forgets the slow commands."),
                Row("help", 2, Help, "6.2.0", "Lists the subcommands.") with { Flags = CommandFlags.Loading | CommandFlags.Stale },
            ],
        },
        new("monitor", 1, Flags | CommandFlags.NoScript, KeySpec.None, Monitor) { Group = "server", Summary = "Shows every command that any client runs." },
    ];

    private static CommandSpec Row(string name, int arity, CommandHandler handler, string since, string summary) =>
        new(name, arity, Flags, KeySpec.None, handler) { Group = "server", Since = since, Summary = summary };

    private static Outcome Get(CommandContext c)
    {
        long count = CountDefault;
        if (c.Count > 3) return c.Error(RespErrors.SubcommandArity("SLOWLOG", c.Arg(1)));
        if (c.Count == 3 && (!RedisInteger.TryParse(c.Arg(2), out count) || count < -1))
            return c.Error("ERR count should be greater than or equal to -1"u8);
        List<SlowLogEntry> entries = c.Server.SlowLog.Latest(count == -1 ? int.MaxValue : (int)Math.Min(count, int.MaxValue));
        c.Reply.ArrayHeader(entries.Count);
        foreach (SlowLogEntry entry in entries)
        {
            c.Reply.ArrayHeader(6);
            c.Reply.Integer(entry.Id);
            c.Reply.Integer(entry.At);
            c.Reply.Integer(entry.Microseconds);
            c.Reply.ArrayHeader(entry.Args.Count);
            foreach (byte[] arg in entry.Args) c.Reply.Bulk(arg);
            c.Reply.Text(entry.Client);
            c.Reply.ClientText(entry.ClientName);
        }

        return Outcome.Done;
    }

    private static Outcome Length(CommandContext c) => Integer(c, c.Server.SlowLog.Count);

    private static Outcome Reset(CommandContext c)
    {
        c.Server.SlowLog.Reset();
        return c.Ok();
    }

    private static Outcome Help(CommandContext c) => c.Help(
        "GET [<count>]",
        "    The newest <count> slow commands (default: 10, -1 for all): number, time,",
        "    microseconds, arguments, client, client name.",
        "LEN",
        "    How many slow commands are kept.",
        "RESET",
        "    Forget them.");

    private static Outcome Integer(CommandContext c, long value)
    {
        c.Reply.Integer(value);
        return Outcome.Done;
    }

    private static Outcome Monitor(CommandContext c)
    {
        c.Server.Monitors.Add(c.Client);
        return c.Ok();
    }
}
