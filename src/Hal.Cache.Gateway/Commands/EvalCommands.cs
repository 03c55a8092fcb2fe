using System.Text;
using Hal.Cache.Gateway.Scripts;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Commands that run scripts. They hold the locks of all shards: a script may use keys that it did not declare.</summary>
internal static class EvalCommands
{
    private const CommandFlags Flags = CommandFlags.NoScript | CommandFlags.Stale | CommandFlags.SkipMonitor | CommandFlags.MovableKeys
        | CommandFlags.NoMandatoryKeys | CommandFlags.AllShards | CommandFlags.Long | CommandFlags.LeavesLoop;

    private const KeyFlags Reads = KeyFlags.RO | KeyFlags.Access;
    private const KeyFlags Writes = KeyFlags.RW | KeyFlags.Access | KeyFlags.Update;

    public static readonly CommandSpec[] Specs =
    [
        Row("eval", Flags | CommandFlags.MayReplicate, Writes, c => Eval(c, false), "2.6.0", "Executes a server-side Lua script."),
        Row("evalsha", Flags | CommandFlags.MayReplicate, Writes, c => EvalSha(c, false), "2.6.0", "Executes a server-side Lua script by SHA1 digest."),
        Row("eval_ro", Flags | CommandFlags.ReadOnly, Reads, c => Eval(c, true), "7.0.0", "Executes a read-only server-side Lua script."),
        Row("fcall", Flags | CommandFlags.MayReplicate, Writes, c => FCall(c, false), "7.0.0", "Invokes a function."),
        Row("fcall_ro", Flags | CommandFlags.ReadOnly, Reads, c => FCall(c, true), "7.0.0", "Invokes a read-only function."),
        Row("evalsha_ro", Flags | CommandFlags.ReadOnly, Reads, c => EvalSha(c, true), "7.0.0", "Executes a read-only server-side Lua script by SHA1 digest."),
    ];

    /// <summary>The number of keys in an argument; -1 where it is refused, and the error is the reply.</summary>
    internal static int KeysOf(CommandContext c, int arg)
    {
        if (!RedisInteger.TryParse(c.Arg(arg), out long keys)) c.NotInteger();
        else if (keys > c.Count - arg - 1) c.Error("ERR Number of keys can't be greater than number of args"u8);
        else if (keys < 0) c.Error("ERR Number of keys can't be negative"u8);
        else return (int)keys;
        return -1;
    }

    private static CommandSpec Row(string name, CommandFlags flags, KeyFlags keys, CommandHandler handler, string since, string summary) =>
        new(name, -3, flags, new KeySpec(2, Flags: keys) { KeyNumber = 0 }, handler)
        {
            Group = "scripting", Since = since, Summary = summary, Categories = ["scripting"], Complexity = "Depends on the script that is executed.",
        };

    private static Outcome Eval(CommandContext c, bool isReadOnly)
    {
        int keys = KeysOf(c, 2);
        if (keys < 0) return Outcome.Done;
        return c.Server.Scripts.TryAdd(c.Arg(1), true, out Script? script) is { } error ? c.Error(error) : Run(c, script!, keys, isReadOnly);
    }

    private static Outcome EvalSha(CommandContext c, bool isReadOnly)
    {
        if (c.ArgLength(1) != 40) return NoScript(c); // no digest at all: Redis looks no further
        int keys = KeysOf(c, 2);
        if (keys < 0) return Outcome.Done;
        Script? script = c.Server.Scripts.Find(Encoding.Latin1.GetString(c.Arg(1)).ToLowerInvariant());
        return script is null ? NoScript(c) : Run(c, script, keys, isReadOnly);
    }

    private static Outcome NoScript(CommandContext c) => c.Error("NOSCRIPT No matching script. Please use EVAL."u8);

    private static Outcome Run(CommandContext c, Script script, int keys, bool isReadOnly)
    {
        if (isReadOnly && (script.Flags & (ScriptFlags.NoWrites | ScriptFlags.Unstated)) == 0)
            return c.Error("ERR Can not execute a script with write flag using *_ro command."u8);
        if ((script.Flags & ScriptFlags.Unstated) == 0 && IsRefused(c, script.Flags)) return Outcome.Done;
        for (int i = 3; i < 3 + keys; i++)
        {
            if (!c.IsAtHand(i)) return Outcome.Retry;
        }

        ScriptEngine engine = c.Server.Scripts.Rent();
        try
        {
            if (engine.TryGet(script, out int number) is { } error) return c.Error(error);
            engine.Lua.Begin(number);
            Add(c, engine, 3, keys);
            engine.Lua.EndGlobal("KEYS"u8);
            Add(c, engine, 3 + keys, c.Count - 3 - keys);
            engine.Lua.EndGlobal("ARGV"u8);
            return new ScriptRun(c, script.Sha, false, isReadOnly || (script.Flags & ScriptFlags.NoWrites) != 0) { AllowsOom = (script.Flags & ScriptFlags.AllowOom) != 0 }.Run(engine.Lua, 0);
        }
        finally
        {
            c.Server.Scripts.Return(engine);
        }
    }

    private static Outcome FCall(CommandContext c, bool isReadOnly)
    {
        if (!c.Server.Scripts.Functions.TryFind(Encoding.Latin1.GetString(c.Arg(1)), out (FunctionLibrary Library, LibraryEntry Entry) found))
            return c.Error("ERR Function not found"u8);
        if (!RedisInteger.TryParse(c.Arg(2), out _)) return c.Error("ERR Bad number of keys provided"u8);
        int keys = KeysOf(c, 2);
        if (keys < 0) return Outcome.Done;
        bool writesNot = (found.Entry.Flags & ScriptFlags.NoWrites) != 0;
        if (isReadOnly && !writesNot) return c.Error("ERR Can not execute a script with write flag using *_ro command."u8);
        if (IsRefused(c, found.Entry.Flags)) return Outcome.Done;
        for (int i = 3; i < 3 + keys; i++)
        {
            if (!c.IsAtHand(i)) return Outcome.Retry;
        }

        ScriptEngine engine = c.Server.Scripts.Rent();
        try
        {
            if (engine.TryGet(found.Library, found.Entry.Name, out int number) is { } error) return c.Error(error);
            engine.Lua.BeginFunction(number);
            Add(c, engine, 3, keys);
            Add(c, engine, 3 + keys, c.Count - 3 - keys);
            var command = new byte[c.Count][];
            for (int i = 0; i < command.Length; i++) command[i] = c.Arg(i).ToArray();
            return new ScriptRun(c, found.Entry.Name, true, isReadOnly || writesNot) { Command = command, AllowsOom = (found.Entry.Flags & ScriptFlags.AllowOom) != 0 }.Run(engine.Lua, 2);
        }
        finally
        {
            c.Server.Scripts.Return(engine);
        }
    }

    /// <summary>Whether a script that says what it does may not run as things are; the error is replied.</summary>
    private static bool IsRefused(CommandContext c, ScriptFlags flags)
    {
        if (c.AreWritesDenied && (flags & ScriptFlags.NoWrites) == 0)
        {
            c.Error(RespErrors.NoReplicas);
            return true;
        }

        if (!c.IsMemoryDenied || (flags & (ScriptFlags.AllowOom | ScriptFlags.NoWrites)) != 0) return false;
        c.Error("OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"u8);
        return true;
    }

    private static void Add(CommandContext c, ScriptEngine engine, int from, int count)
    {
        engine.Lua.BeginArray(count);
        for (int i = 0; i < count; i++) engine.Lua.AddItem(i + 1, c.Arg(from + i));
    }
}
