using System.Text;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>CONFIG.</summary>
internal static class ConfigCommands
{
    private const CommandFlags Flags = CommandFlags.Admin | CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;

    public static readonly CommandSpec[] Specs =
    [
        new("config", -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
        {
            Group = "server", Since = "2.0.0", Summary = "Reads and sets parameters.",
            Subcommands =
            [
                Row("get", -3, Get, "Tells the parameters whose names match."),
                Row("set", -4, Set, "Sets parameters."),
                Row("resetstat", 2, ResetStatistics, "Sets the counters of INFO to zero."),
                Row("rewrite", 2, Rewrite, "Refused: settings are in the silo's own file."),
                Row("help", 2, Help, "Lists the subcommands.") with { Flags = CommandFlags.Loading | CommandFlags.Stale },
            ],
        },
    ];

    private static CommandSpec Row(string name, int arity, CommandHandler handler, string summary) =>
        new(name, arity, Flags, KeySpec.None, handler) { Group = "server", Since = "2.0.0", Summary = summary };

    private static Outcome Get(CommandContext c)
    {
        var patterns = new List<byte[]>();
        for (int i = 2; i < c.Count; i++) patterns.Add(c.Arg(i).ToArray());
        List<(string Name, string Value)> found = c.Server.Config.Match(patterns);
        c.Reply.MapHeader(found.Count);
        foreach ((string name, string value) in found)
        {
            c.Reply.Text(name);
            c.Reply.Text(value);
        }

        return Outcome.Done;
    }

    private static Outcome Set(CommandContext c)
    {
        if ((c.Count & 1) != 0) return c.WrongArity();
        var parameters = new List<(string Name, string Value)>();
        for (int i = 2; i < c.Count; i += 2) parameters.Add((Encoding.Latin1.GetString(c.Arg(i)), Encoding.UTF8.GetString(c.Arg(i + 1))));
        if (c.Server.Config.TrySet(parameters) is { } refused) return c.Error(refused);
        c.Ok();
        if (!c.Server.IsAuthority && c.Server.Forwarder is { } forwarder && parameters.Where(one => IsTheRoots(one.Name.ToLowerInvariant())).ToList() is { Count: > 0 } theRoots)
            return c.RunAsync(context => SetThereAsync(context, forwarder, theRoots));

        // Which events are asked for concerns the instances that tell of them.
        return parameters.Exists(one => one.Name.Equals("notify-keyspace-events", StringComparison.OrdinalIgnoreCase)) && c.Server.Relay?.SettleAsync() is { IsCompleted: false } settled
            ? c.RunAsync(_ => new ValueTask(settled))
            : Outcome.Done;
    }

    // How values are held is decided where they are changed, and scripts run there.
    private static bool IsTheRoots(string name) => CollectionParameters.Concerns(name) || name is "lua-time-limit" or "busy-reply-threshold";

    private static async ValueTask SetThereAsync(CommandContext c, Peers.CommandForwarder forwarder, List<(string Name, string Value)> parameters)
    {
        string[] command = ["CONFIG", "SET", .. parameters.SelectMany(one => new[] { one.Name, one.Value })];
        foreach (string root in c.Server.Tree!.Authorities.Roots.Names)
        {
            byte[]? reply = await forwarder.AskAsync(c, root, command);
            if (reply is [(byte)'+', ..]) continue;
            c.DropReply(c.ReplyStart);
            c.Error(reply is [(byte)'-', ..] ? Encoding.Latin1.GetString(reply.AsSpan(1)).TrimEnd() : $"TRYAGAIN '{root}', where values are changed, can't be reached");
            return;
        }
    }

    private static Outcome ResetStatistics(CommandContext c)
    {
        c.Server.ResetStatistics();
        return c.Ok();
    }

    private static Outcome Rewrite(CommandContext c) => c.Error("ERR The server is running without a config file"u8);

    private static Outcome Help(CommandContext c) => c.Help(
        "GET <pattern>",
        "    Return parameters matching the glob-like <pattern> and their values.",
        "SET <directive> <value>",
        "    Set the configuration <directive> to <value>.",
        "RESETSTAT",
        "    Reset statistics reported by the INFO command.",
        "REWRITE",
        "    Rewrite the configuration file.");
}
