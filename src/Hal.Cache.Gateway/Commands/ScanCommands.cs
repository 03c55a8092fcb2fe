using System.Buffers.Text;
using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Walks over the keys of a database, a stretch at a time, so that no client waits for the whole.</summary>
internal static class ScanCommands
{
    /// <summary>Keys that are visited before the shard's lock is let go of.</summary>
    private const int StretchKeys = 1000;

    private const int CountDefault = 10;

    public static readonly CommandSpec[] Specs =
    [
        KeyCommands.Row("keys", 2, CommandFlags.ReadOnly | CommandFlags.Long, KeySpec.None, Keys, "1.0.0", "Names all keys that match a pattern.", "O(N) for N keys of the database")
            with { Categories = ["keyspace", "dangerous"] },
        KeyCommands.Row("scan", -2, CommandFlags.ReadOnly, KeySpec.None, Scan, "2.8.0", "Names some keys, and where to go on.", "O(1) for each call"),
    ];

    private static Outcome Keys(CommandContext c)
    {
        int header = c.Reply.Length;
        var visitor = new Collector(c.Reply, PatternOf(c.Arg(1)), null, c.Store);
        ulong cursor = 0;
        do
        {
            cursor = c.Store.Scan(cursor, c.Client.Database, StretchKeys, visitor);
        }
        while (cursor != 0);
        c.Reply.ArrayHeaderAt(header, visitor.Found);
        return Outcome.Done;
    }

    // "*" alone is no pattern: it would not match the empty key.
    private static byte[]? PatternOf(ReadOnlySpan<byte> pattern) => pattern.SequenceEqual("*"u8) ? null : pattern.ToArray();

    private static Outcome Scan(CommandContext c)
    {
        if (!ElementScan.TryCursor(c, 1, out ulong cursor)) return Outcome.Done;
        cursor = c.Cursor ?? cursor;
        long count = CountDefault;
        byte[]? pattern = null;
        byte[]? type = null;
        for (int arg = 2; arg < c.Count; arg += 2)
        {
            if (arg + 1 == c.Count) return c.Syntax();
            ReadOnlySpan<byte> option = c.Arg(arg);
            if (Ascii.EqualsIgnoreCase(option, "COUNT"u8))
            {
                if (!RedisInteger.TryParse(c.Arg(arg + 1), out count)) return c.NotInteger();
                if (count < 1) return c.Syntax();
            }
            else if (Ascii.EqualsIgnoreCase(option, "MATCH"u8))
            {
                pattern = PatternOf(c.Arg(arg + 1));
            }
            else if (Ascii.EqualsIgnoreCase(option, "TYPE"u8))
            {
                type = c.Arg(arg + 1).ToArray();
            }
            else
            {
                return c.Syntax();
            }
        }

        // The next cursor stands before the keys but is known after them: they are collected in a writer of their own.
        using var found = new RespWriter();
        var visitor = new Collector(found, pattern, type, null);
        do
        {
            cursor = c.Store.Scan(cursor, c.Client.Database, (int)Math.Min(StretchKeys, count - visitor.Visited), visitor);
        }
        while (cursor != 0 && visitor.Visited < count && visitor.Visited > 0);
        Span<byte> digits = stackalloc byte[RedisInteger.BytesMax];
        Utf8Formatter.TryFormat(cursor, digits, out int length);
        c.Reply.ArrayHeader(2);
        c.Reply.Bulk(digits[..length]);
        c.Reply.ArrayHeader(visitor.Found);
        c.Reply.Raw(found.WrittenSpan);
        return Outcome.Done;
    }

    // With a store: tells keys that a table's growth between two stretches shows again, by their hashes.
    private sealed class Collector(RespWriter reply, byte[]? pattern, byte[]? type, IBlobStore? store) : IEntryVisitor
    {
        private readonly HashSet<ulong>? seen = store is null ? null : [];

        public int Found { get; private set; }

        public long Visited { get; private set; }

        public void Visit(int database, in EntryRef entry)
        {
            Visited++;
            if (type is not null && !Ascii.EqualsIgnoreCase(TypeNames.Of(entry.Type), type)) return;
            if (pattern is not null && !GlobPattern.IsMatch(pattern, entry.Key)) return;
            if (seen is not null && !seen.Add(store!.Hash(entry.Key))) return;
            Found++;
            reply.Bulk(entry.Key);
        }
    }
}
