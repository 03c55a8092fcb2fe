using Hal.Cache.Gateway.Acl;
using System.Text;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>COMMAND: the command table, told to clients.</summary>
internal static class CommandCommands
{
    private const CommandFlags Told = CommandFlags.Loading | CommandFlags.Stale;
    private const int CommandAt = 2; // COMMAND GETKEYS is followed by the command that it is about

    private static readonly (CommandFlags Flag, string Name)[] FlagNames =
    [
        (CommandFlags.Write, "write"), (CommandFlags.ReadOnly, "readonly"), (CommandFlags.DenyOom, "denyoom"), (CommandFlags.Admin, "admin"),
        (CommandFlags.PubSub, "pubsub"), (CommandFlags.NoScript, "noscript"), (CommandFlags.Blocking, "blocking"),
        (CommandFlags.Loading, "loading"), (CommandFlags.Stale, "stale"), (CommandFlags.SkipMonitor, "skip_monitor"),
        (CommandFlags.SkipSlowlog, "skip_slowlog"), (CommandFlags.Asking, "asking"), (CommandFlags.Fast, "fast"),
        (CommandFlags.NoAuth, "no_auth"), (CommandFlags.NoMandatoryKeys, "no_mandatory_keys"), (CommandFlags.NoAsyncLoading, "no_async_loading"),
        (CommandFlags.NoMulti, "no_multi"), (CommandFlags.MovableKeys, "movablekeys"), (CommandFlags.AllowBusy, "allow_busy"),
    ];

    private static readonly (KeyFlags Flag, string Name)[] KeyFlagNames =
    [
        (KeyFlags.RO, "RO"), (KeyFlags.RW, "RW"), (KeyFlags.OW, "OW"), (KeyFlags.RM, "RM"), (KeyFlags.Access, "access"),
        (KeyFlags.Update, "update"), (KeyFlags.Insert, "insert"), (KeyFlags.Delete, "delete"), (KeyFlags.NotKey, "not_key"),
        (KeyFlags.Incomplete, "incomplete"), (KeyFlags.VariableFlags, "variable_flags"),
    ];

    public static readonly CommandSpec[] Specs =
    [
        new("command", -1, Told, KeySpec.None, All)
        {
            Group = "server", Since = "2.8.13", Categories = ["connection"], Summary = "Tells all about all commands.",
            Complexity = "O(N) where N is the number of commands",
            Subcommands =
            [
                Row("count", 2, Count, "2.8.13", "Counts the commands."),
                Row("docs", -2, Docs, "7.0.0", "Tells the documentation of commands."),
                Row("getkeys", -3, GetKeys, "2.8.13", "Tells the keys of a command."),
                Row("getkeysandflags", -3, GetKeysAndFlags, "7.0.0", "Tells the keys of a command, and what it does with them."),
                Row("help", 2, Help, "5.0.0", "Lists the subcommands."),
                Row("info", -2, Info, "2.8.13", "Tells about some commands, or all."),
                Row("list", -2, List, "7.0.0", "Lists the names of commands."),
            ],
        },
    ];

    private static CommandSpec Row(string name, int arity, CommandHandler handler, string since, string summary) =>
        new(name, arity, Told, KeySpec.None, handler) { Group = "server", Categories = ["connection"], Since = since, Summary = summary };

    private static Outcome All(CommandContext c)
    {
        c.Reply.ArrayHeader(c.Server.Table.Commands.Count);
        foreach (CommandSpec spec in c.Server.Table.Commands) WriteInfo(c.Reply, spec);
        return Outcome.Done;
    }

    private static Outcome Count(CommandContext c)
    {
        c.Reply.Integer(c.Server.Table.Commands.Count);
        return Outcome.Done;
    }

    private static Outcome Info(CommandContext c)
    {
        if (c.Count == 2) return All(c);
        c.Reply.ArrayHeader(c.Count - 2);
        for (int i = 2; i < c.Count; i++)
        {
            if (Find(c, i) is { } spec) WriteInfo(c.Reply, spec);
            else c.Reply.Null();
        }

        return Outcome.Done;
    }

    private static Outcome Docs(CommandContext c)
    {
        var specs = new List<CommandSpec>();
        if (c.Count == 2) specs.AddRange(c.Server.Table.Commands);
        for (int i = 2; i < c.Count; i++)
        {
            if (Find(c, i) is { } spec) specs.Add(spec);
        }

        c.Reply.MapHeader(specs.Count);
        foreach (CommandSpec spec in specs) WriteDocs(c.Reply, spec);
        return Outcome.Done;
    }

    private static Outcome List(CommandContext c)
    {
        Func<CommandSpec, bool> wanted;
        if (c.Count == 2)
        {
            wanted = _ => true;
        }
        else if (c.Count != 5 || !Ascii.EqualsIgnoreCase(c.Arg(2), "filterby"u8))
        {
            return c.Syntax();
        }
        else if (Ascii.EqualsIgnoreCase(c.Arg(3), "module"u8))
        {
            wanted = _ => false;
        }
        else if (Ascii.EqualsIgnoreCase(c.Arg(3), "aclcat"u8))
        {
            string category = Encoding.Latin1.GetString(c.Arg(4)).ToLowerInvariant();
            wanted = spec => CommandCategories.Of(spec).Contains(category);
        }
        else if (Ascii.EqualsIgnoreCase(c.Arg(3), "pattern"u8))
        {
            byte[] pattern = c.Arg(4).ToArray();
            wanted = spec => GlobPattern.IsMatch(pattern, Encoding.ASCII.GetBytes(spec.FullName), ignoreCase: true);
        }
        else
        {
            return c.Syntax();
        }

        string[] names = [.. c.Server.Table.All.Where(wanted).Select(spec => spec.FullName)];
        c.Reply.ArrayHeader(names.Length);
        foreach (string name in names) c.Reply.Text(name);
        return Outcome.Done;
    }

    private static Outcome GetKeys(CommandContext c)
    {
        if (!TryKeys(c, out List<(int Arg, KeyFlags Flags)> keys)) return Outcome.Done;
        c.Reply.ArrayHeader(keys.Count);
        foreach ((int arg, _) in keys) c.Reply.Bulk(c.Arg(arg));
        return Outcome.Done;
    }

    private static Outcome GetKeysAndFlags(CommandContext c)
    {
        if (!TryKeys(c, out List<(int Arg, KeyFlags Flags)> keys)) return Outcome.Done;
        c.Reply.ArrayHeader(keys.Count);
        foreach ((int arg, KeyFlags flags) in keys)
        {
            c.Reply.ArrayHeader(2);
            c.Reply.Bulk(c.Arg(arg));
            WriteFlags(c.Reply, flags);
        }

        return Outcome.Done;
    }

    private static Outcome Help(CommandContext c) => c.Help(
        "(no subcommand)",
        "    Return details about all commands.",
        "COUNT",
        "    Return the total number of commands in this server.",
        "LIST",
        "    Return a list of all commands in this server.",
        "INFO [<command-name> ...]",
        "    Return details about multiple commands.",
        "    If no command names are given, documentation details for all",
        "    commands are returned.",
        "DOCS [<command-name> ...]",
        "    Return documentation details about multiple commands.",
        "    If no command names are given, documentation details for all",
        "    commands are returned.",
        "GETKEYS <full-command>",
        "    Return the keys from a full command.",
        "GETKEYSANDFLAGS <full-command>",
        "    Return the keys and the access flags from a full command.");

    private static CommandSpec? Find(CommandContext c, int arg) =>
        c.Server.Table.FindFull(Encoding.Latin1.GetString(c.Arg(arg)).ToLowerInvariant());

    private static bool TryKeys(CommandContext c, out List<(int Arg, KeyFlags Flags)> keys)
    {
        keys = [];
        CommandSpec? spec = c.Server.Table.Find(c.Arg(CommandAt));
        if (spec is { Subcommands.Length: > 0 } && c.Count > CommandAt + 1) spec = CommandTable.FindSubcommand(spec, c.Arg(CommandAt + 1));
        if (spec is null)
        {
            c.Error("ERR Invalid command specified"u8);
            return false;
        }

        if (spec.IsKeyless)
        {
            c.Error("ERR The command has no key arguments"u8);
            return false;
        }

        if (!spec.Accepts(c.Count - CommandAt))
        {
            c.Error("ERR Invalid number of arguments specified for command"u8);
            return false;
        }

        foreach (KeySpec some in (KeySpec[])[spec.Keys, .. spec.MoreKeys])
        {
            if (!some.TryRange(c, out int from, out int to, CommandAt)) continue;
            for (int arg = from; arg <= to; arg += some.Step) keys.Add((arg, VariableKeyFlags.Of(c, spec, some, CommandAt)));
        }

        if (keys.Count > 0 || spec.Has(CommandFlags.NoMandatoryKeys)) return true;
        c.Error("ERR Invalid arguments specified for command"u8);
        return false;
    }

    private static void WriteInfo(RespWriter reply, CommandSpec spec)
    {
        reply.ArrayHeader(10);
        reply.Text(spec.FullName);
        reply.Integer(spec.Arity);
        string[] flags = [.. FlagNames.Where(flag => spec.Has(flag.Flag)).Select(flag => flag.Name)];
        reply.SetHeader(flags.Length);
        foreach (string flag in flags) reply.Status(flag);
        (int first, int last, int step) = Range(spec);
        reply.Integer(first);
        reply.Integer(last);
        reply.Integer(step);
        string[] categories = [.. CommandCategories.Of(spec)];
        reply.SetHeader(categories.Length);
        foreach (string category in categories) reply.Status("@" + category);
        string[] tips = CommandTips.Of(spec);
        reply.ArrayHeader(tips.Length);
        foreach (string tip in tips) reply.Text(tip);
        KeySpec[] keys = spec.IsKeyless ? [] : [spec.Keys, .. spec.MoreKeys];
        reply.ArrayHeader(keys.Length);
        foreach (KeySpec some in keys) WriteKeySpec(reply, some);
        reply.ArrayHeader(spec.Subcommands.Length);
        foreach (CommandSpec sub in spec.Subcommands) WriteInfo(reply, sub);
    }

    /// <summary>First, last and step in the old form: the whole of all key specs that are ranges by position.</summary>
    private static (int First, int Last, int Step) Range(CommandSpec spec)
    {
        if (spec.IsKeyless) return (0, 0, 0);
        int first = int.MaxValue, last = 0, step = 0;
        int fromEnd = 0;
        foreach (KeySpec some in (KeySpec[])[spec.Keys, .. spec.MoreKeys])
        {
            if (some.IsUnknown || some.Keyword is not null || some.KeyNumber >= 0) continue;
            first = Math.Min(first, some.First);
            if (some.Last < 0) fromEnd = fromEnd == 0 ? some.Last : Math.Max(fromEnd, some.Last);
            else last = Math.Max(last, some.First + some.Last);
            step = Math.Max(step, some.Step);
        }

        return first == int.MaxValue ? (0, 0, 0) : (first, fromEnd < 0 ? fromEnd : last, step);
    }

    private static void WriteKeySpec(RespWriter reply, KeySpec keys)
    {
        reply.MapHeader(keys.Notes is null ? 3 : 4);
        if (keys.Notes is { } notes)
        {
            reply.Text("notes");
            reply.Text(notes);
        }

        reply.Text("flags");
        WriteFlags(reply, keys.Flags);
        if (keys.IsUnknown)
        {
            WriteUnknown(reply, "begin_search");
            WriteUnknown(reply, "find_keys");
            return;
        }

        reply.Text("begin_search");
        reply.MapHeader(2);
        reply.Text("type");
        reply.Text(keys.Keyword is null ? "index" : "keyword");
        reply.Text("spec");
        if (keys.Keyword is null)
        {
            Numbers(reply, ("index", keys.First));
        }
        else
        {
            reply.MapHeader(2);
            reply.Text("keyword");
            reply.Text(keys.Keyword);
            reply.Text("startfrom");
            reply.Integer(keys.KeywordFrom ?? keys.First);
        }

        reply.Text("find_keys");
        reply.MapHeader(2);
        reply.Text("type");
        reply.Text(keys.KeyNumber >= 0 ? "keynum" : "range");
        reply.Text("spec");
        if (keys.KeyNumber >= 0) Numbers(reply, ("keynumidx", keys.KeyNumber), ("firstkey", keys.KeyNumber + 1), ("keystep", keys.Step));
        else Numbers(reply, ("lastkey", keys.Last), ("keystep", keys.Step), ("limit", keys.Limit));
    }

    private static void WriteUnknown(RespWriter reply, string part)
    {
        reply.Text(part);
        reply.MapHeader(2);
        reply.Text("type");
        reply.Text("unknown");
        reply.Text("spec");
        reply.MapHeader(0);
    }

    private static void Numbers(RespWriter reply, params ReadOnlySpan<(string Name, int Value)> pairs)
    {
        reply.MapHeader(pairs.Length);
        foreach ((string name, int value) in pairs)
        {
            reply.Text(name);
            reply.Integer(value);
        }
    }

    private static void WriteFlags(RespWriter reply, KeyFlags flags)
    {
        string[] names = [.. KeyFlagNames.Where(flag => (flags & flag.Flag) != 0).Select(flag => flag.Name)];
        reply.SetHeader(names.Length);
        foreach (string name in names) reply.Status(name);
    }

    private static void WriteDocs(RespWriter reply, CommandSpec spec)
    {
        reply.Text(spec.FullName);
        reply.MapHeader(spec.Subcommands.Length > 0 ? 5 : 4);
        reply.Text("summary");
        reply.Text(spec.Summary);
        reply.Text("since");
        reply.Text(spec.Since);
        reply.Text("group");
        reply.Text((spec.Container ?? spec).Group);
        reply.Text("complexity");
        reply.Text(spec.Complexity);
        if (spec.Subcommands.Length == 0) return;
        reply.Text("subcommands");
        reply.MapHeader(spec.Subcommands.Length);
        foreach (CommandSpec sub in spec.Subcommands) WriteDocs(reply, sub);
    }
}
