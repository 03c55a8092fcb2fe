using System.Globalization;
using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Rdb;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>The subcommands of DEBUG that test suites call and that harm nobody.</summary>
internal static class DebugCommands
{
    private const CommandFlags Flags = CommandFlags.Admin | CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;

    /// <summary>Type, version and checksum of a DUMP, which Redis does not count here.</summary>
    private const int DumpOverheadBytes = 11;

    /// <summary>Longest sleep, in seconds.</summary>
    private const double SleepSecondsMax = 3600;

    public static readonly CommandSpec[] Specs =
    [
        new("debug", -2, Flags, KeySpec.None, c => c.WrongArity())
        {
            Group = "server", Summary = "For tests.",
            Subcommands =
            [
                Row("sleep", 3, KeySpec.None, Sleep, "Answers after some seconds; other clients go on."),
                Row("object", -3, new KeySpec(2), Object, "Tells about a key's value."),
                Row("error", 3, KeySpec.None, Error, "Answers with an error of that text."),
                Row("reload", -2, KeySpec.None, Reload, "Makes everything durable."),
                Row("loadaof", 2, KeySpec.None, Reload, "Makes everything durable."),
                Row("set-active-expire", 3, KeySpec.None, Nothing, "Does nothing: expiry is always active."),
                Row("jmap", -2, KeySpec.None, Nothing, "Does nothing."),
                Row("change-repl-id", 2, KeySpec.None, Nothing, "Does nothing."),
                Row("set-disable-deny-scripts", 3, KeySpec.None, Nothing, "Does nothing."),
                Row("quicklist-packed-threshold", 3, KeySpec.None, Nothing, "Does nothing."),
                Row("stringmatch-len", 4, KeySpec.None, StringMatch, "Matches a pattern with a string of some length."),
                Row("help", 2, KeySpec.None, Help, "Lists the subcommands."),
            ],
        },
    ];

    private static CommandSpec Row(string name, int arity, KeySpec keys, CommandHandler handler, string summary) =>
        new(name, arity, Flags, keys, handler) { Group = "server", Summary = summary };

    private static Outcome Nothing(CommandContext c) => c.Ok();

    private static Outcome Error(CommandContext c) => c.Error(c.Arg(2));

    private static Outcome Sleep(CommandContext c)
    {
        if (!RedisDouble.TryParse(c.Arg(2), out double seconds) || seconds is < 0 or > SleepSecondsMax) return c.Error(RespErrors.NotFloat);
        return c.RunAsync(async context =>
        {
            await Task.Delay(TimeSpan.FromSeconds(seconds), context.Server.Time, context.Cancellation);
            context.Reply.Ok();
        });
    }

    private static Outcome Object(CommandContext c)
    {
        if (!c.TryFind(2, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone) return c.Error(RespErrors.NoSuchKey);
        if (entry.IsObject) return Collection(c, entry);
        bool raw = entry.IsLarge || (entry.Flags & EntryFlags.Raw) != 0 || entry.ValueLength > 44;
        string encoding = raw ? "raw" : RedisInteger.TryParse(entry.Value, out _) ? "int" : "embstr";
        long serialized = entry.IsLarge ? c.Store.Large(entry).Length : DumpPayload.OfString(entry.Value).Length - DumpOverheadBytes;
        c.Reply.Status(string.Create(
            CultureInfo.InvariantCulture,
            $"Value at:0x{entry.Version:x12} refcount:1 encoding:{encoding} serializedlength:{serialized} lru:0 lru_seconds_idle:{c.Store.UsageOf(entry).IdleSeconds ?? 0}"));
        return Outcome.Done;
    }

    private static Outcome Collection(CommandContext c, in EntryRef entry)
    {
        string encoding = Encoding.ASCII.GetString(TypeNames.EncodingOf(c.Store.Object(entry)));
        c.Reply.Status(string.Create(
            CultureInfo.InvariantCulture,
            $"Value at:0x{entry.Version:x12} refcount:1 encoding:{encoding} serializedlength:{c.Store.Object(entry).MemoryBytes} lru:0 lru_seconds_idle:{c.Store.UsageOf(entry).IdleSeconds ?? 0}"));
        return Outcome.Done;
    }

    private static Outcome Reload(CommandContext c) => c.RunAsync(async context =>
    {
        if (await context.Store.SaveAsync(context.Cancellation) is { } error) context.Error(error);
        else context.Reply.Ok();
    });

    private static Outcome StringMatch(CommandContext c)
    {
        if (!RedisInteger.TryParse(c.Arg(2), out long length) || length is < 0 or > 1 << 20) return c.NotInteger();
        var text = new byte[length];
        Array.Fill(text, (byte)'a');
        c.Reply.Integer(GlobPattern.IsMatch(c.Arg(3), text) ? 1 : 0);
        return Outcome.Done;
    }

    private static Outcome Help(CommandContext c) => c.Help(
        "ERROR <string>",
        "    Answer with an error of that text.",
        "OBJECT <key>",
        "    Show low level info about `key` and associated value.",
        "RELOAD [option ...]",
        "    Make everything durable.",
        "SLEEP <seconds>",
        "    Answer after <seconds>, which may be a fraction; other clients go on.",
        "STRINGMATCH-LEN <length> <pattern>",
        "    Match a string of <length> against <pattern>.");
}
