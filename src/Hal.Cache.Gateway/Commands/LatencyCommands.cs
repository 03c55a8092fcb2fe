using System.Globalization;
using System.Text;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Server;

namespace Hal.Cache.Gateway.Commands;

/// <summary>LATENCY: spikes by event, and how long each command takes.</summary>
internal static class LatencyCommands
{
    private const CommandFlags Flags = CommandFlags.Admin | CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;

    public static readonly CommandSpec[] Specs =
    [
        new("latency", -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
        {
            Group = "server", Since = "2.8.13", Summary = "Tells of latency.", Complexity = "Depends on subcommand.",
            Subcommands =
            [
                Row("latest", 2, Latest, "2.8.13", "Lists the newest spike of each event."),
                Row("history", 3, History, "2.8.13", "Lists the spikes of an event."),
                Row("reset", -2, Reset, "2.8.13", "Forgets events, and counts them."),
                Row("graph", 3, Graph, "2.8.13", "Draws the spikes of an event."),
                Row("doctor", 2, Doctor, "2.8.13", "Tells in words where latency is seen."),
                Row("histogram", -2, Histogram, "7.0.0", "Tells how long each command takes."),
                Row("help", 2, Help, "2.8.13", "Lists the subcommands.") with { Flags = CommandFlags.Loading | CommandFlags.Stale },
            ],
        },
    ];

    private static CommandSpec Row(string name, int arity, CommandHandler handler, string since, string summary) =>
        new(name, arity, Flags, KeySpec.None, handler) { Group = "server", Since = since, Summary = summary };

    private static Outcome Latest(CommandContext c)
    {
        List<(string Name, long At, long Milliseconds, long Longest)> latest = c.Server.Latency.Latest();
        c.Reply.ArrayHeader(latest.Count);
        foreach ((string name, long at, long milliseconds, long longest) in latest)
        {
            c.Reply.ArrayHeader(4);
            c.Reply.Text(name);
            c.Reply.Integer(at);
            c.Reply.Integer(milliseconds);
            c.Reply.Integer(longest);
        }

        return Outcome.Done;
    }

    private static Outcome History(CommandContext c)
    {
        ((long At, long Milliseconds)[] samples, _) = c.Server.Latency.History(Encoding.Latin1.GetString(c.Arg(2)));
        c.Reply.ArrayHeader(samples.Length);
        foreach ((long at, long milliseconds) in samples)
        {
            c.Reply.ArrayHeader(2);
            c.Reply.Integer(at);
            c.Reply.Integer(milliseconds);
        }

        return Outcome.Done;
    }

    private static Outcome Reset(CommandContext c)
    {
        int count = c.Count == 2 ? c.Server.Latency.Reset(null) : 0;
        for (int i = 2; i < c.Count; i++) count += c.Server.Latency.Reset(Encoding.Latin1.GetString(c.Arg(i)));
        c.Reply.Integer(count);
        return Outcome.Done;
    }

    private static Outcome Graph(CommandContext c)
    {
        string name = Encoding.Latin1.GetString(c.Arg(2));
        ((long At, long Milliseconds)[] samples, long longest) = c.Server.Latency.History(name);
        if (samples.Length == 0) return c.Error($"ERR No samples available for event '{name}'");
        c.Reply.VerbatimText(LatencyGraph.Draw(name, samples, longest, c.Server.Time.GetUtcNow().ToUnixTimeSeconds()));
        return Outcome.Done;
    }

    private static Outcome Doctor(CommandContext c)
    {
        List<(string Name, long At, long Milliseconds, long Longest)> latest = c.Server.Latency.Latest();
        var text = new StringBuilder();
        if (!c.Server.Latency.IsOn)
            text.Append("Dave, no spikes are kept. CONFIG SET latency-monitor-threshold <milliseconds> switches that on.\n");
        else if (latest.Count == 0)
            text.Append("Dave, no latency spike was seen since the threshold was set or the events were reset.\n");
        foreach ((string name, _, _, long longest) in latest)
        {
            (long At, long Milliseconds)[] samples = c.Server.Latency.History(name).Samples;
            if (samples.Length == 0) continue;
            text.Append(CultureInfo.InvariantCulture, $"{name}: {samples.Length} spikes (mean {samples.Average(sample => sample.Milliseconds):F0} ms, ")
                .Append(CultureInfo.InvariantCulture, $"longest {longest} ms). SLOWLOG GET names the commands.\n");
        }

        c.Reply.VerbatimText(text.ToString());
        return Outcome.Done;
    }

    /// <summary>Calls of the commands that were named, or of all that ran, and how many took at most each power of two of microseconds.</summary>
    private static Outcome Histogram(CommandContext c)
    {
        ClientCounters total = c.Server.Counters.Total(c.Server.Clients, c.Server.Table.All.Count);
        var specs = new List<CommandSpec>();
        for (int i = 2; i < c.Count; i++)
        {
            CommandSpec? spec = c.Server.Table.Find(c.Arg(i)) ?? c.Server.Table.FindFull(Encoding.Latin1.GetString(c.Arg(i)).ToLowerInvariant());
            if (spec is not null) specs.AddRange([spec, .. spec.Subcommands]);
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
            ReplyBuckets(c, total.Times[spec.Id], total.Calls[spec.Id], total.Timed[spec.Id]);
        }

        return Outcome.Done;
    }

    // Commands of a connection are timed now and then: what was timed stands for all calls.
    private static void ReplyBuckets(CommandContext c, TimeBuckets? times, long calls, long timed)
    {
        List<(long Microseconds, long Count)> buckets = times?.Cumulated() ?? [];
        c.Reply.MapHeader(buckets.Count);
        foreach ((long microseconds, long count) in buckets)
        {
            c.Reply.Integer(microseconds);
            c.Reply.Integer(count == timed ? calls : (long)((double)count / timed * calls));
        }
    }

    private static Outcome Help(CommandContext c) => c.Help(
        "DOCTOR", "    In words, where latency is seen.",
        "GRAPH <event>", "    A drawing of an event's latency.",
        "HISTOGRAM [<command> ...]", "    Calls and times of commands.",
        "HISTORY <event>", "    An event's latencies.",
        "LATEST", "    The newest latency of each event.",
        "RESET [<event> ...]", "    Forget events.");
}
