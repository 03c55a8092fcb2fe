using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Strings;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>What is known of an entry beside its value.</summary>
internal static class ObjectCommands
{
    private const int EmbeddedBytesMax = 44;
    private const long SharedIntegers = 10_000;
    private static readonly KeySpec Second = new(2, Flags: KeyFlags.RO);

    public static readonly CommandSpec[] Specs =
    [
        new("object", -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
        {
            Since = "2.2.3", Summary = "Tells what is known of a key beside its value.",
            Subcommands =
            [
                KeyCommands.Row("encoding", 3, CommandFlags.ReadOnly, Second, Encoding, "2.2.3", "Names the form in which Redis would hold the value."),
                KeyCommands.Row("freq", 3, CommandFlags.ReadOnly, Second, Frequency, "4.0.0", "Tells how often a key is used."),
                KeyCommands.Row("idletime", 3, CommandFlags.ReadOnly, Second, IdleTime, "2.2.3", "Tells the seconds since a key's last use."),
                KeyCommands.Row("refcount", 3, CommandFlags.ReadOnly, Second, ReferenceCount, "2.2.3", "Tells how many references a value has in Redis."),
                KeyCommands.Row("help", 2, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Help, "6.2.0", "Lists the subcommands."),
            ],
        },
    ];

    /// <summary>Bytes that a key takes in the store, for MEMORY USAGE; needs the lock of its shard.</summary>
    internal static long MemoryUsage(CommandContext c, in EntryRef entry) => c.Store.BytesOf(entry);

    private static Outcome Encoding(CommandContext c)
    {
        if (!c.TryFind(2, Need.Meta, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone) return Null(c);
        if (entry.IsObject)
        {
            if (entry.IsOnDisk && !c.TryFind(2, Need.Value, out entry)) return Outcome.Retry;
            c.Reply.Bulk(TypeNames.EncodingOf(c.Store.Object(entry)));
            return Outcome.Done;
        }

        // Of a copy or an origin's object perhaps only the length is here, whatever it is.
        bool raw = (entry.Flags & EntryFlags.Raw) != 0 || StringReads.Length(c.Store, entry) > EmbeddedBytesMax;
        if (!raw && (entry.IsOnDisk || entry.IsLarge) && !c.TryFind(2, Need.Value, out entry)) return Outcome.Retry;
        c.Reply.Bulk(raw || entry.IsLarge ? "raw"u8 : (entry.Flags & EntryFlags.Text) == 0 && RedisInteger.TryParse(entry.Value, out _) ? "int"u8 : "embstr"u8);
        return Outcome.Done;
    }

    private static Outcome Frequency(CommandContext c)
    {
        if (!c.TryFind(2, Need.Meta, out EntryRef entry)) return AskAuthority(c);
        if (entry.IsNone) return Null(c);
        if (c.Store.UsageOf(entry).Frequency is not { } frequency)
        {
            return c.Error(
                "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."u8);
        }

        c.Reply.Integer(frequency);
        return Outcome.Done;
    }

    private static Outcome IdleTime(CommandContext c)
    {
        if (!c.TryFind(2, Need.Meta, out EntryRef entry)) return AskAuthority(c);
        if (entry.IsNone) return Null(c);
        if (c.Store.UsageOf(entry).IdleSeconds is not { } seconds)
        {
            return c.Error(
                "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."u8);
        }

        c.Reply.Integer(seconds);
        return Outcome.Done;
    }

    // When a key was last used is no reason to copy it: where it is not here, the authority says when it was used there.
    private static Outcome AskAuthority(CommandContext c) => c.Server is { Forwarder: { } forwarder, IsAuthority: false } && !c.IsInTransaction
        ? c.RunAsync(context =>
        {
            context.BeginRun(context.ReplyStart);
            return forwarder.ForwardAsync(context);
        })
        : Outcome.Retry;

    // Redis shares small integers, and says so with the largest count.
    private static Outcome ReferenceCount(CommandContext c)
    {
        if (!c.TryFind(2, Need.Meta, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone) return Null(c);
        bool small = entry.Type == BlobType.String && (entry.Flags & EntryFlags.Raw) == 0 && !entry.IsLarge && entry.ValueLength <= 4;
        if (small && entry.IsOnDisk && !c.TryFind(2, Need.Value, out entry)) return Outcome.Retry;
        c.Reply.Integer(small && RedisInteger.TryParse(entry.Value, out long number) && number is >= 0 and < SharedIntegers ? int.MaxValue : 1);
        return Outcome.Done;
    }

    private static Outcome Help(CommandContext c)
    {
        string[] lines =
        [
            "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "ENCODING <key>", "    The form in which Redis would hold the value.",
            "FREQ <key>", "    How often the key is used, where the eviction policy counts that.",
            "IDLETIME <key>", "    Seconds since the last use, where the eviction policy keeps that.",
            "REFCOUNT <key>", "    How many references the value would have in Redis.",
            "HELP", "    This list.",
        ];
        c.Reply.ArrayHeader(lines.Length);
        foreach (string line in lines) c.Reply.SimpleString(System.Text.Encoding.ASCII.GetBytes(line));
        return Outcome.Done;
    }

    private static Outcome Null(CommandContext c)
    {
        c.Reply.Null();
        return Outcome.Done;
    }
}
