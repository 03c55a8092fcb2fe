using System.Globalization;
using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>MEMORY: where the memory is.</summary>
internal static class MemoryCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("memory", -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
        {
            Group = "server", Since = "4.0.0", Summary = "Tells about memory.",
            Subcommands =
            [
                Row("usage", -3, CommandFlags.ReadOnly, new KeySpec(2, Flags: KeyFlags.RO), Usage, "Tells the bytes that a key takes."),
                Row("stats", 2, CommandFlags.None, KeySpec.None, Stats, "Tells what memory is used for."),
                Row("doctor", 2, CommandFlags.None, KeySpec.None, Doctor, "Tells in words whether memory is in order."),
                Row("malloc-stats", 2, CommandFlags.None, KeySpec.None, MallocStats, "Tells the allocator's statistics."),
                Row("purge", 2, CommandFlags.None, KeySpec.None, c => c.Ok(), "Gives free memory back to the system, which happens all the time."),
                Row("help", 2, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Help, "Lists the subcommands."),
            ],
        },
    ];

    private static CommandSpec Row(string name, int arity, CommandFlags flags, KeySpec keys, CommandHandler handler, string summary) =>
        new(name, arity, flags, keys, handler) { Group = "server", Since = "4.0.0", Summary = summary };

    private static Outcome Usage(CommandContext c)
    {
        for (int i = 3; i < c.Count; i += 2)
        {
            if (!Ascii.EqualsIgnoreCase(c.Arg(i), "samples"u8) || i + 1 >= c.Count) return c.Syntax();
            if (!RedisInteger.TryParse(c.Arg(i + 1), out long samples)) return c.NotInteger();
            if (samples < 0) return c.Syntax();
        }

        if (!c.TryFind(2, Need.Meta, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone) c.Reply.Null();
        else c.Reply.Integer(ObjectCommands.MemoryUsage(c, entry));
        return Outcome.Done;
    }

    private static Outcome Stats(CommandContext c)
    {
        IStoreStatistics store = c.Store.Statistics;
        long keys = Math.Max(1, store.Keys);
        (string Name, long Value)[] values =
        [
            ("peak.allocated", store.MemoryPeakBytes), ("total.allocated", store.MemoryBytes), ("startup.allocated", 0),
            ("replication.backlog", 0), ("clients.slaves", 0), ("clients.normal", 0), ("cluster.links", 0), ("aof.buffer", 0),
            ("lua.caches", 0), ("functions.caches", 0), ("overhead.total", store.TableBytes), ("keys.count", store.Keys),
            ("keys.bytes-per-key", store.MemoryBytes / keys), ("dataset.bytes", store.MemoryBytes - store.TableBytes),
        ];
        c.Reply.MapHeader(values.Length + 3);
        foreach ((string name, long value) in values)
        {
            c.Reply.Text(name);
            c.Reply.Integer(value);
        }

        long resident = Environment.WorkingSet;
        Ratio("dataset.percentage", 100.0 * (store.MemoryBytes - store.TableBytes) / Math.Max(1, store.MemoryBytes));
        Ratio("peak.percentage", 100.0 * store.MemoryBytes / Math.Max(1, store.MemoryPeakBytes));
        Ratio("fragmentation", (double)resident / Math.Max(1, store.MemoryBytes));
        return Outcome.Done;

        void Ratio(string name, double value)
        {
            c.Reply.Text(name);
            c.Reply.Double(value);
        }
    }

    private static Outcome Doctor(CommandContext c)
    {
        IStoreStatistics store = c.Store.Statistics;
        c.Reply.VerbatimText(store.Problem ?? string.Create(
            CultureInfo.InvariantCulture, $"Memory is in order: {store.MemoryBytes} of {store.MemoryLimitBytes} bytes are in use."));
        return Outcome.Done;
    }

    private static Outcome MallocStats(CommandContext c)
    {
        c.Reply.VerbatimText("Stats not supported for the current allocator");
        return Outcome.Done;
    }

    private static Outcome Help(CommandContext c) => c.Help(
        "DOCTOR",
        "    Return memory problems reports.",
        "MALLOC-STATS",
        "    Return internal statistics report from the memory allocator.",
        "PURGE",
        "    Attempt to purge dirty pages for reclamation by the allocator.",
        "STATS",
        "    Return information about the memory usage of the server.",
        "USAGE <key> [SAMPLES <count>]",
        "    Return memory in bytes used by <key> and its value. Nested values are",
        "    sampled up to <count> times (default: 5, 0 means sample all).");
}
