using System.Globalization;
using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Gateway.Rdb;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>The subcommands of DEBUG that test suites call and that harm nobody.</summary>
internal static class DebugCommands
{
    private const CommandFlags Flags = CommandFlags.Admin | CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;

    /// <summary>Type, version and checksum of a DUMP, which Redis does not count here.</summary>
    private const int DumpOverheadBytes = 11;

    /// <summary>Bytes of a text that are looked at for the number which it begins with.</summary>
    private const int NumberBytesMax = 64;

    /// <summary>Longest sleep, in seconds.</summary>
    private const double SleepSecondsMax = 3600;

    /// <summary>Largest QUICKLIST-PACKED-THRESHOLD, which is Redis's: 4 GB but for 1 MB.</summary>
    private const ulong PackedThresholdBytesMax = (1UL << 32) - (1UL << 20);

    /// <summary>Shortest time that a timer tells from none.</summary>
    private static readonly TimeSpan TimerStep = TimeSpan.FromMilliseconds(1);

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
                Row("set-active-expire", 3, KeySpec.None, SetActiveExpire, "Has expired keys removed before somebody asks for them, or not."),
                Row("jmap", -2, KeySpec.None, Nothing, "Does nothing."),
                Row("pause-cron", 3, KeySpec.None, Nothing, "Does nothing: there is no such cycle."),
                Row("protocol", 3, KeySpec.None, Protocol, "Answers with a value of a type of the protocol."),
                Row("change-repl-id", 2, KeySpec.None, ChangeReplicationId, "Gives the data another replication ID."),
                Row("set-disable-deny-scripts", 3, KeySpec.None, AllowInScripts, "Lets scripts call what they may not, or not."),
                Row("quicklist-packed-threshold", 3, KeySpec.None, PackedThreshold, "Does nothing."),
                Row("stringmatch-len", 4, KeySpec.None, StringMatch, "Matches a pattern with a string of some length."),
                .. DebugDataCommands.Rows,
                Row("help", 2, KeySpec.None, Help, "Lists the subcommands."),
            ],
        },
    ];

    internal static CommandSpec Row(string name, int arity, KeySpec keys, CommandHandler handler, string summary) =>
        new(name, arity, Flags, keys, handler) { Group = "server", Summary = summary };

    private static Outcome Nothing(CommandContext c) => c.Ok();

    private static Outcome SetActiveExpire(CommandContext c)
    {
        c.Store.ExpiresActively = !c.Arg(2).SequenceEqual("0"u8);
        return c.Server.IsAuthority ? c.Ok() : c.AtAuthority(); // keys expire there
    }

    private static Outcome AllowInScripts(CommandContext c)
    {
        c.Server.Scripts.AllowsAnyCommand = !c.Arg(2).SequenceEqual("0"u8);
        return c.Server.IsAuthority ? c.Ok() : c.AtAuthority(); // scripts run there
    }

    // Elements of any size are in nodes of one kind here. 0 is Redis's own default.
    private static Outcome PackedThreshold(CommandContext c) =>
        MemoryValue.TryParse(Encoding.Latin1.GetString(c.Arg(2)), out ulong bytes) && bytes <= PackedThresholdBytesMax
            ? c.Ok()
            : c.Error("ERR argument must be a memory value bigger than 1 and smaller than 4gb"u8);

    private static Outcome ChangeReplicationId(CommandContext c)
    {
        c.Server.ReplicationId = ServerState.NewId();
        return c.Ok();
    }

    private static Outcome Error(CommandContext c) => c.Error(c.Arg(2));

    private static Outcome Sleep(CommandContext c)
    {
        double seconds = Math.Max(0, Leading(c.Arg(2)));
        if (seconds > SleepSecondsMax) return c.Error(RespErrors.NotFloat);
        return c.RunAsync(async context =>
        {
            // A timer may be early by its own resolution; LATENCY and SLOWLOG are told how long it was.
            long since = context.Server.Time.GetTimestamp();
            var wanted = TimeSpan.FromSeconds(seconds);
            for (TimeSpan left = wanted; left > TimeSpan.Zero; left = wanted - context.Server.Time.GetElapsedTime(since))
                await Task.Delay(left < TimerStep ? TimerStep : left, context.Server.Time, context.Cancellation);
            context.Reply.Ok();
        });
    }

    // C's strtod: the number that the text begins with, and nothing is zero.
    private static double Leading(ReadOnlySpan<byte> text)
    {
        text = text.TrimStart(" \t\n\v\f\r"u8);
        for (int length = Math.Min(text.Length, NumberBytesMax); length > 0; length--)
        {
            if (RedisDouble.TryParse(text[..length], out double value)) return value;
        }

        return 0;
    }

    private static Outcome Object(CommandContext c)
    {
        // What has expired is told of as long as it is there.
        c.Store.SetTime(c.Shards, 1);
        bool isHere = c.TryFind(2, Need.Value, out EntryRef entry);
        c.Store.SetTime(c.Shards, c.StandingTime is null ? 0 : c.Now);
        if (!isHere) return Outcome.Retry;
        if (entry.IsNone) return c.Error(RespErrors.NoSuchKey);
        if (entry.IsObject) return Collection(c, entry);
        bool raw = entry.IsLarge || (entry.Flags & EntryFlags.Raw) != 0 || entry.ValueLength > 44;
        string encoding = raw ? "raw" : RedisInteger.TryParse(entry.Value, out _) ? "int" : "embstr";
        long serialized = entry.IsLarge ? c.Store.Large(entry).Length : DumpPayload.OfString(entry.Value).Length - DumpOverheadBytes;
        c.Reply.Status(string.Create(
            CultureInfo.InvariantCulture,
            $"Value at:0x{c.Store.Hash(entry.Key) >> 16:x12} refcount:1 encoding:{encoding} serializedlength:{serialized} lru:{LruOf(c, entry)} lru_seconds_idle:{c.Store.UsageOf(entry).IdleSeconds ?? 0}"));
        return Outcome.Done;
    }

    // Redis's clock: the second of the last use in 24 bits.
    private static long LruOf(CommandContext c, in EntryRef entry) => ((c.Now / 1000) - (c.Store.UsageOf(entry).IdleSeconds ?? 0)) & 0xFFFFFF;

    private static Outcome Collection(CommandContext c, in EntryRef entry)
    {
        string encoding = Encoding.ASCII.GetString(TypeNames.EncodingOf(c.Store.Object(entry)));
        c.Reply.Status(string.Create(
            CultureInfo.InvariantCulture,
            $"Value at:0x{c.Store.Hash(entry.Key) >> 16:x12} refcount:1 encoding:{encoding} serializedlength:{c.Store.Object(entry).MemoryBytes} lru:{LruOf(c, entry)} lru_seconds_idle:{c.Store.UsageOf(entry).IdleSeconds ?? 0}"));
        return Outcome.Done;
    }

    private static Outcome Reload(CommandContext c)
    {
        for (int i = 2; i < c.Count; i++)
        {
            ReadOnlySpan<byte> option = c.Arg(i);
            if (!Ascii.EqualsIgnoreCase(option, "merge"u8) && !Ascii.EqualsIgnoreCase(option, "noflush"u8) && !Ascii.EqualsIgnoreCase(option, "nosave"u8))
                return c.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."u8);
        }

        return c.RunAsync(async context =>
        {
            if (await context.Store.SaveAsync(context.Cancellation) is { } error) context.Error(error);
            else context.Reply.Ok();
        });
    }

    private static Outcome Protocol(CommandContext c)
    {
        switch (Encoding.Latin1.GetString(c.Arg(2)).ToLowerInvariant())
        {
            case "string": c.Reply.Bulk("Hello World"u8); break;
            case "integer": c.Reply.Integer(12345); break;
            case "double": c.Reply.Double(3.141); break;
            case "bignum": c.Reply.BigNumber("1234567999999999999999999999999999999"u8); break;
            case "null": c.Reply.Null(); break;
            case "array": Numbers(c.Reply, c.Reply.ArrayHeader); break;
            case "set": Numbers(c.Reply, c.Reply.SetHeader); break;
            case "map":
                c.Reply.MapHeader(3);
                for (int i = 0; i < 3; i++)
                {
                    c.Reply.Integer(i);
                    c.Reply.Boolean(i == 1);
                }

                break;
            case "attrib":
                if (c.Reply.Protocol == 3)
                {
                    c.Reply.Raw("|1\r\n"u8);
                    c.Reply.Bulk("key-popularity"u8);
                    c.Reply.ArrayHeader(2);
                    c.Reply.Bulk("key:123"u8);
                    c.Reply.Integer(90);
                }

                c.Reply.Bulk("Some real reply following the attribute"u8);
                break;
            case "push":
                if (c.Reply.Protocol < 3) return c.Error("ERR RESP2 is not supported by this command"u8);
                c.Reply.PushHeader(2);
                c.Reply.Bulk("server-cpu-usage"u8);
                c.Reply.Integer(42);
                c.Reply.Bulk("Some real reply following the push reply"u8);
                break;
            case "true": c.Reply.Boolean(true); break;
            case "false": c.Reply.Boolean(false); break;
            case "verbatim": c.Reply.Verbatim("txt"u8, "This is a verbatim\nstring"u8); break;
            default:
                return c.Error(
                    "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"u8);
        }

        return Outcome.Done;
    }

    private static void Numbers(RespWriter reply, Action<int> header)
    {
        header(3);
        for (int i = 0; i < 3; i++) reply.Integer(i);
    }

    private static Outcome StringMatch(CommandContext c)
    {
        if (!RedisInteger.TryParse(c.Arg(2), out long length) || length is < 0 or > 1 << 20) return c.NotInteger();
        var text = new byte[length];
        Array.Fill(text, (byte)'a');
        c.Reply.Integer(GlobPattern.IsMatch(c.Arg(3), text) ? 1 : 0);
        return Outcome.Done;
    }

    private static Outcome Help(CommandContext c) => c.Help(
        "CHANGE-REPL-ID",
        "    Give the data another replication ID.",
        "DIGEST",
        "    Tell a digest of all data; that of a Redis with the same data is the same.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Tell a digest of each key's value.",
        "ERROR <string>",
        "    Answer with an error of that text.",
        "OBJECT <key>",
        "    Show low level info about `key` and associated value.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Make <count> strings named key:<number> or <prefix>:<number>, those that exist left alone.",
        "PROTOCOL <type>",
        "    Reply with a value of <type>: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false.",
        "RELOAD [option ...]",
        "    Make everything durable.",
        "SET-ACTIVE-EXPIRE (0|1)",
        "    Setting it to 0 leaves expired keys until somebody asks for them.",
        "SLEEP <seconds>",
        "    Answer after <seconds>, which may be a fraction; other clients go on.",
        "STRINGMATCH-LEN <length> <pattern>",
        "    Match a string of <length> against <pattern>.");
}
