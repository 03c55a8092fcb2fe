using System.Text;
using Hal.Cache.Gateway.Scripts;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>FUNCTION: the libraries of functions that FCALL runs.</summary>
internal static class FunctionCommands
{
    private static readonly string[] HelpLines =
    [
        "LOAD [REPLACE] <FUNCTION CODE>",
        "    Create a new library with the given library name and code.",
        "DELETE <LIBRARY NAME>",
        "    Delete the given library.",
        "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
        "    Return general information on all the libraries:",
        "    * Library name",
        "    * The engine used to run the Library",
        "    * Library description",
        "    * Functions list",
        "    * Library code (if WITHCODE is given)",
        "    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
        "STATS",
        "    Return information about the current function running:",
        "    * Function name",
        "    * Command used to run the function",
        "    * Duration in MS that the function is running",
        "    If no function is running, return nil",
        "    In addition, returns a list of available engines.",
        "KILL",
        "    Kill the current running function.",
        "FLUSH [ASYNC|SYNC]",
        "    Delete all the libraries.",
        "    When called without the optional mode argument, the behavior is determined by the",
        "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
        "    * ASYNC: Asynchronously flush the libraries.",
        "    * SYNC: Synchronously flush the libraries.",
        "DUMP",
        "    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command",
        "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
        "    Restore the libraries represented by the given payload, it is possible to give a restore policy to",
        "    control how to handle existing libraries (default APPEND):",
        "    * FLUSH: delete all existing libraries.",
        "    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.",
        "    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old",
        "      libraries with the new libraries (notice that even on this option there is a chance of failure",
        "      in case of functions name collision with another library).",
    ];

    private const CommandFlags Changes = CommandFlags.NoScript | CommandFlags.Write;

    public static readonly CommandSpec[] Specs =
    [
        Row("function", -2, CommandFlags.None, c => c.WrongArity(), "A container for function commands.") with
        {
            Subcommands =
            [
                Row("load", -3, Changes | CommandFlags.DenyOom | CommandFlags.Long, Load, "Creates a library."),
                Row("delete", 3, Changes | CommandFlags.Long, Delete, "Deletes a library and its functions."),
                Row("flush", -2, Changes | CommandFlags.Long, Flush, "Deletes all libraries and functions."),
                Row("list", -2, CommandFlags.NoScript, List, "Returns information about all libraries."),
                Row("stats", 2, CommandFlags.NoScript | CommandFlags.AllowBusy, Stats, "Returns information about a function during execution."),
                Row("kill", 2, CommandFlags.NoScript | CommandFlags.AllowBusy, c => ScriptCommands.Kill(c, true), "Terminates a function during execution."),
                Row("dump", 2, CommandFlags.NoScript, Dump, "Dumps all libraries into a serialized binary payload."),
                Row("restore", -3, Changes | CommandFlags.DenyOom | CommandFlags.Long, Restore, "Restores all libraries from a payload."),
                Row("help", 2, CommandFlags.Loading | CommandFlags.Stale, Help, "Returns helpful text about the different subcommands."),
            ],
        },
    ];

    private static CommandSpec Row(string name, int arity, CommandFlags flags, CommandHandler handler, string summary) =>
        new(name, arity, flags, KeySpec.None, handler) { Group = "scripting", Since = "7.0.0", Summary = summary, Categories = ["scripting"] };

    private static FunctionRegistry Registry(CommandContext c) => c.Server.Scripts.Functions;

    private static Outcome Load(CommandContext c)
    {
        bool replaces = false;
        for (int i = 2; i < c.Count - 1; i++)
        {
            if (!Ascii.EqualsIgnoreCase(c.Arg(i), "REPLACE"u8)) return c.Error($"ERR Unknown option given: {RespErrors.Cut(c.Arg(i))}");
            replaces = true;
        }

        if (Registry(c).TryLoad(c.Arg(c.Count - 1), replaces, out string name) is { } error) return c.Error(error);
        c.Reply.Text(name);
        return Outcome.Done;
    }

    private static Outcome Delete(CommandContext c) => Registry(c).TryDelete(Encoding.Latin1.GetString(c.Arg(2))) is { } error ? c.Error(error) : c.Ok();

    private static Outcome Flush(CommandContext c)
    {
        if (c.Count > 3) return c.Error(RespErrors.SubcommandArity("FUNCTION", c.Arg(1)));
        if ((c.Count == 3 && !Ascii.EqualsIgnoreCase(c.Arg(2), "SYNC"u8) && !Ascii.EqualsIgnoreCase(c.Arg(2), "ASYNC"u8)))
            return c.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option"u8);
        return Registry(c).TryFlush() is { } error ? c.Error(error) : c.Ok();
    }

    private static Outcome List(CommandContext c)
    {
        bool withCode = false;
        byte[]? pattern = null;
        for (int i = 2; i < c.Count; i++)
        {
            if (!withCode && Ascii.EqualsIgnoreCase(c.Arg(i), "WITHCODE"u8)) withCode = true;
            else if (pattern is not null || !Ascii.EqualsIgnoreCase(c.Arg(i), "LIBRARYNAME"u8)) return c.Error($"ERR Unknown argument {RespErrors.Cut(c.Arg(i))}");
            else if (++i == c.Count) return c.Error("ERR library name argument was not given"u8);
            else pattern = c.Arg(i).ToArray();
        }

        FunctionLibrary[] found = [.. Registry(c).Libraries.Where(library => pattern is null || GlobPattern.IsMatch(pattern, Encoding.Latin1.GetBytes(library.Name), ignoreCase: true))];
        c.Reply.ArrayHeader(found.Length);
        foreach (FunctionLibrary library in found)
        {
            c.Reply.MapHeader(withCode ? 4 : 3);
            c.Reply.Text("library_name");
            c.Reply.Text(library.Name);
            c.Reply.Text("engine");
            c.Reply.Text("LUA");
            c.Reply.Text("functions");
            c.Reply.ArrayHeader(library.Functions.Count);
            foreach (LibraryEntry function in library.Functions) Describe(c.Reply, function);
            if (!withCode) continue;
            c.Reply.Text("library_code");
            c.Reply.Bulk(library.Code);
        }

        return Outcome.Done;
    }

    private static void Describe(RespWriter reply, LibraryEntry function)
    {
        reply.MapHeader(3);
        reply.Text("name");
        reply.ClientText(function.Name);
        reply.Text("description");
        if (function.Description is null) reply.Null();
        else reply.ClientText(function.Description);
        reply.Text("flags");
        reply.SetHeader(function.FlagNames.Length);
        foreach (string flag in function.FlagNames) reply.Status(flag);
    }

    private static Outcome Stats(CommandContext c)
    {
        IReadOnlyCollection<FunctionLibrary> libraries = Registry(c).Libraries;
        c.Reply.MapHeader(2);
        c.Reply.Text("running_script");
        if (c.Server.Scripts.Running is { IsFunction: true } run)
        {
            c.Reply.MapHeader(3);
            c.Reply.Text("name");
            c.Reply.ClientText(run.Name);
            c.Reply.Text("command");
            c.Reply.ArrayHeader(run.Command.Count);
            foreach (byte[] arg in run.Command) c.Reply.Bulk(arg);
            c.Reply.Text("duration_ms");
            c.Reply.Integer((long)run.Elapsed.TotalMilliseconds);
        }
        else
        {
            c.Reply.Null();
        }

        c.Reply.Text("engines");
        c.Reply.MapHeader(1);
        c.Reply.Text("LUA");
        c.Reply.MapHeader(2);
        c.Reply.Text("libraries_count");
        c.Reply.Integer(libraries.Count);
        c.Reply.Text("functions_count");
        c.Reply.Integer(libraries.Sum(library => library.Functions.Count));
        return Outcome.Done;
    }

    private static Outcome Dump(CommandContext c)
    {
        c.Reply.Bulk(FunctionPayload.Write(Registry(c).Libraries));
        return Outcome.Done;
    }

    private static Outcome Restore(CommandContext c)
    {
        if (c.Count > 4) return c.Error(RespErrors.SubcommandArity("FUNCTION", c.Arg(1)));
        string policy = c.Count == 4 ? Encoding.Latin1.GetString(c.Arg(3)).ToUpperInvariant() : "APPEND";
        if (policy is not ("FLUSH" or "APPEND" or "REPLACE"))
            return c.Error("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."u8);
        if (FunctionPayload.TryRead(c.Arg(2), out List<byte[]> codes) is { } error) return c.Error(error);
        return Registry(c).TryRestore(codes, policy == "FLUSH", policy == "REPLACE") is { } wrong ? c.Error(wrong) : c.Ok();
    }

    private static Outcome Help(CommandContext c)
    {
        c.Reply.ArrayHeader(HelpLines.Length + 3);
        c.Reply.Status("FUNCTION <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
        foreach (string line in HelpLines) c.Reply.Status(line);
        c.Reply.Status("HELP");
        c.Reply.Status("    Prints this help.");
        return Outcome.Done;
    }
}
