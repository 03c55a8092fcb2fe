using Hal.Cache.Gateway.Server;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>SLOWLOG, and LATENCY, which keeps no events of its own: the slow log and the metrics have the times.</summary>
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
                Row("help", 2, Help, "6.2.0", "Lists the subcommands."),
            ],
        },
        new("latency", -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
        {
            Group = "server", Since = "2.8.13", Summary = "Tells of latency.",
            Subcommands =
            [
                Row("latest", 2, Empty, "2.8.13", "Lists the newest event of each kind: there are none."),
                Row("history", 3, Empty, "2.8.13", "Lists the events of a kind: there are none."),
                Row("reset", -2, c => Integer(c, 0), "2.8.13", "Forgets events, and counts them: there are none."),
                Row("graph", 3, Graph, "2.8.13", "Draws the events of a kind: there are none."),
                Row("doctor", 2, Doctor, "2.8.13", "Tells in words where latency is seen."),
                Row("histogram", -2, Histogram, "7.0.0", "Tells how often each command ran."),
                Row("help", 2, LatencyHelp, "2.8.13", "Lists the subcommands."),
            ],
        },
        new("monitor", 1, Flags | CommandFlags.NoScript, KeySpec.None, Monitor) { Group = "server", Summary = "Shows every command that any client runs." },
    ];

    private static CommandSpec Row(string name, int arity, CommandHandler handler, string since, string summary) =>
        new(name, arity, Flags, KeySpec.None, handler) { Group = "server", Since = since, Summary = summary };

    private static Outcome Get(CommandContext c)
    {
        long count = CountDefault;
        if (c.Count > 3) return c.WrongArity();
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

    private static Outcome Empty(CommandContext c)
    {
        c.Reply.ArrayHeader(0);
        return Outcome.Done;
    }

    private static Outcome Integer(CommandContext c, long value)
    {
        c.Reply.Integer(value);
        return Outcome.Done;
    }

    private static Outcome Graph(CommandContext c) =>
        c.Error($"ERR No samples available for event '{System.Text.Encoding.Latin1.GetString(c.Arg(2))}'");

    private static Outcome Doctor(CommandContext c)
    {
        c.Reply.VerbatimText("Latency events are not kept here: SLOWLOG has slow commands, /metrics has the times of everything.");
        return Outcome.Done;
    }

    /// <summary>Calls of the commands that were named, or of all that ran; their times are sampled into one bucket, the mean.</summary>
    private static Outcome Histogram(CommandContext c)
    {
        Clients.ClientCounters total = c.Server.Counters.Total(c.Server.Clients.All, c.Server.Table.All.Count);
        var specs = new List<CommandSpec>();
        for (int i = 2; i < c.Count; i++)
        {
            if (c.Server.Table.Find(c.Arg(i)) is { } spec) specs.AddRange([spec, .. spec.Subcommands]);
        }

        if (c.Count == 2) specs.AddRange(c.Server.Table.All);
        specs.RemoveAll(spec => total.Calls[spec.Id] == 0);
        c.Reply.MapHeader(specs.Count);
        foreach (CommandSpec spec in specs)
        {
            c.Reply.Text(spec.FullName);
            c.Reply.MapHeader(2);
            c.Reply.Text("calls");
            c.Reply.Integer(total.Calls[spec.Id]);
            c.Reply.Text("histogram_usec");
            bool timed = total.Timed[spec.Id] > 0;
            c.Reply.MapHeader(timed ? 1 : 0);
            if (!timed) continue;
            c.Reply.Integer((long)(total.Ticks[spec.Id] * 1e6 / System.Diagnostics.Stopwatch.Frequency / total.Timed[spec.Id]) + 1);
            c.Reply.Integer(total.Calls[spec.Id]);
        }

        return Outcome.Done;
    }

    private static Outcome LatencyHelp(CommandContext c) => c.Help(
        "DOCTOR",
        "    In words, where latency is seen.",
        "GRAPH <event>",
        "    A drawing of an event's latency.",
        "HISTOGRAM [<command> ...]",
        "    Calls and times of commands.",
        "HISTORY <event>",
        "    An event's latencies.",
        "LATEST",
        "    The newest latency of each event.",
        "RESET [<event> ...]",
        "    Forget events.");

    private static Outcome Monitor(CommandContext c)
    {
        c.Server.Monitors.Add(c.Client);
        return c.Ok();
    }
}
