using System.Text;
using Hal.Cache.Gateway.Scripts;

namespace Hal.Cache.Gateway.Commands;

/// <summary>SCRIPT: the cache of scripts, and the end of one that runs too long.</summary>
internal static class ScriptCommands
{
    private static readonly string[] Help =
    [
        "SCRIPT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "DEBUG (YES|SYNC|NO)",
        "    Set the debug mode for subsequent scripts executed.",
        "EXISTS <sha1> [<sha1> ...]",
        "    Return information about the existence of the scripts in the script cache.",
        "FLUSH [ASYNC|SYNC]",
        "    Flush the Lua scripts cache. Very dangerous on replicas.",
        "    When called without the optional mode argument, the behavior is determined by the",
        "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
        "    * ASYNC: Asynchronously flush the scripts cache.",
        "    * SYNC: Synchronously flush the scripts cache.",
        "KILL",
        "    Kill the currently executing Lua script.",
        "LOAD <script>",
        "    Load a script into the scripts cache without executing it.",
        "HELP",
        "    Prints this help.",
    ];

    public static readonly CommandSpec[] Specs =
    [
        Row("script", -2, CommandFlags.None, c => c.WrongArity(), "2.6.0", "A container for Lua scripts management commands.") with
        {
            Subcommands =
            [
                Row("load", 3, CommandFlags.NoScript | CommandFlags.Stale | CommandFlags.Long, Load, "2.6.0", "Loads a server-side Lua script to the script cache."),
                Row("exists", -3, CommandFlags.NoScript, Exists, "2.6.0", "Determines whether server-side Lua scripts exist in the script cache."),
                Row("flush", -2, CommandFlags.NoScript, Flush, "2.6.0", "Removes all server-side Lua scripts from the script cache."),
                Row("kill", 2, CommandFlags.NoScript | CommandFlags.AllowBusy, Kill, "2.6.0", "Terminates a server-side Lua script during execution."),
                Row("debug", 3, CommandFlags.NoScript, Debug, "3.2.0", "Sets the debug mode of server-side Lua scripts."),
                Row("help", 2, CommandFlags.Loading | CommandFlags.Stale, ShowHelp, "5.0.0", "Returns helpful text about the different subcommands."),
            ],
        },
    ];

    private static CommandSpec Row(string name, int arity, CommandFlags flags, CommandHandler handler, string since, string summary) =>
        new(name, arity, flags, KeySpec.None, handler) { Group = "scripting", Since = since, Summary = summary, Categories = ["scripting"] };

    private static Outcome Load(CommandContext c)
    {
        if (c.Server.Scripts.TryAdd(c.Arg(2), false, out Script? script) is { } error) return c.Error(error);
        c.Reply.Bulk(Encoding.ASCII.GetBytes(script!.Sha));
        return Outcome.Done;
    }

    private static Outcome Exists(CommandContext c)
    {
        c.Reply.ArrayHeader(c.Count - 2);
        for (int i = 2; i < c.Count; i++)
            c.Reply.Integer(c.ArgLength(i) == 40 && c.Server.Scripts.Find(Encoding.Latin1.GetString(c.Arg(i)).ToLowerInvariant()) is not null ? 1 : 0);
        return Outcome.Done;
    }

    private static Outcome Flush(CommandContext c)
    {
        if (c.Count > 3 || (c.Count == 3 && !Ascii.EqualsIgnoreCase(c.Arg(2), "SYNC"u8) && !Ascii.EqualsIgnoreCase(c.Arg(2), "ASYNC"u8)))
            return c.Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option"u8);
        c.Server.Scripts.Flush();
        return c.Ok();
    }

    private static Outcome Kill(CommandContext c) => Kill(c, false);

    /// <summary>Ends the script, or the function, that runs now.</summary>
    internal static Outcome Kill(CommandContext c, bool isFunction)
    {
        if (c.Server.Scripts.Running is not { } run) return c.Error("NOTBUSY No scripts in execution right now."u8);
        if (run.IsFunction != isFunction) return c.Error(c.Server.Scripts.BusyText);
        if (run.TryKill()) return c.Ok();
        return c.Error("UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command."u8);
    }

    private static Outcome Debug(CommandContext c)
    {
        if (Ascii.EqualsIgnoreCase(c.Arg(2), "NO"u8)) return c.Ok();
        if (!Ascii.EqualsIgnoreCase(c.Arg(2), "YES"u8) && !Ascii.EqualsIgnoreCase(c.Arg(2), "SYNC"u8)) return c.Error("ERR Use SCRIPT DEBUG YES/SYNC/NO"u8);
        return c.Error("ERR the debugger for scripts is not available"u8);
    }

    private static Outcome ShowHelp(CommandContext c)
    {
        c.Reply.ArrayHeader(Help.Length);
        foreach (string line in Help) c.Reply.SimpleString(Encoding.ASCII.GetBytes(line));
        return Outcome.Done;
    }
}
