using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>What Redis does not have: HAL.INFO, HAL.INVENTORY, and what the control plane tells.</summary>
internal static class HalCommands
{
    private const int CountDefault = 1000;
    private const int CountMax = 100_000;

    public static readonly CommandSpec[] Specs =
    [
        new("hal.info", 1, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Info)
        {
            Group = "server", Categories = ["dangerous"], Since = "7.2.0", Summary = "Tells the instance's sizes and counters.",
        },
        new("hal.inventory", -1, CommandFlags.ReadOnly | CommandFlags.Long | CommandFlags.Local, KeySpec.None, Inventory)
        {
            Group = "generic", Categories = ["keyspace"], Since = "7.2.0", Complexity = "O(N) where N is COUNT",
            Summary = "Lists the keys of the database that are held here, with the bytes that they take.",
        },
        .. HalPlaneCommands.Specs,
        .. HalScheduleCommands.Specs,
    ];

    /// <summary>The instance's counters, by name.</summary>
    public static IEnumerable<(string Name, long Value)> Counters(CommandContext c)
    {
        IStoreStatistics store = c.Store.Statistics;
        IKeyspaceStatistics keyspace = c.Keyspace.Statistics;
        (string Name, long Value)[] own =
        [
            ("keys", store.Keys), ("memory_bytes", store.MemoryBytes), ("memory_limit_bytes", store.MemoryLimitBytes),
            ("memory_peak_bytes", store.MemoryPeakBytes), ("disk_bytes", store.DiskBytes), ("disk_limit_bytes", store.DiskLimitBytes),
            ("live_bytes", store.LiveBytes), ("spilled_values", store.Spilled), ("loaded_values", store.Loaded),
            ("rewritten_bytes", store.RewrittenBytes), ("corrupt_records", store.Corrupt), ("expired_keys", store.Expired),
            ("evicted_keys", store.Evicted), ("hits", keyspace.Hits), ("misses", keyspace.Misses), ("origin_reads", keyspace.OriginReads),
            ("origin_bytes_read", keyspace.OriginBytesRead), ("origin_errors", keyspace.OriginErrors),
            ("flights_joined", keyspace.FlightsJoined), ("validations", keyspace.Validations), ("served_stale", keyspace.ServedStale),
            ("invalidations", keyspace.Invalidations), ("pinned_keys", c.Keyspace.Pins.Keys), ("pinned_bytes", c.Keyspace.Pins.Bytes),
        ];
        if (c.Keyspace.Tree is not { } tree) return own;
        return
        [
            .. own, ("tree_connected", c.Server.Tree?.IsConnected == true ? 1 : 0), ("tree_sessions", c.Keyspace.Authority?.Sessions ?? 0),
            ("tree_session", c.Server.Tree?.Node.Session ?? 0), ("tree_flights", c.Server.Tree?.Node.Flights ?? 0),
            ("tree_held", c.Keyspace.Authority?.Held ?? 0), ("tree_unpublished", c.Keyspace.Authority?.Unpublished ?? 0),
            ("tree_acquires", tree.Acquires), ("tree_questions", tree.Questions),
            ("tree_revalidated", tree.Revalidated), ("tree_invalidations", tree.Invalidations),
            ("tree_forwarded", tree.Forwarded), ("tree_pipelined", tree.Pipelined), ("tree_collections_brought", tree.CollectionsBrought),
            ("tree_writes_held", tree.WritesHeld), ("tree_rounds", tree.Rounds), ("tree_bytes_received", tree.BytesReceived), ("tree_bytes_served", tree.BytesServed),
            ("tree_memory_bytes", c.Server.Tree?.Peers.MemoryBytes ?? 0), ("tree_memory_misses", c.Server.Tree?.Peers.MemoryMisses ?? 0),
            ("tree_corrupt", tree.Corrupt), ("tree_takeovers", tree.Takeovers), ("tree_silences", tree.Silences), ("tree_message_links", c.Server.Relay?.LinkCount ?? 0),
            ("tree_messages_dropped", (c.Server.Relay?.Dropped ?? 0) + (c.Server.Events?.Dropped ?? 0)), .. tree.Links.Select(link => ("tree_bytes_from_" + link.Key, link.Value)),
        ];
    }

    private static Outcome Info(CommandContext c)
    {
        (string Name, long Value)[] counters = [.. Counters(c)];
        c.Reply.MapHeader(counters.Length + 4);
        Text("name", c.Server.Options.Name);
        Text("policy", c.Store.Statistics.PolicyName);
        Text("durability", c.Server.Options.Durability);
        Text("health", c.Store.Statistics.Problem ?? "ok");
        foreach ((string name, long value) in counters)
        {
            c.Reply.Text(name);
            c.Reply.Integer(value);
        }

        return Outcome.Done;

        void Text(string name, string value)
        {
            c.Reply.Text(name);
            c.Reply.Text(value);
        }
    }

    private static Outcome Inventory(CommandContext c)
    {
        ulong cursor = 0;
        int count = CountDefault;
        byte[]? pattern = null;
        for (int i = 1; i < c.Count; i += 2)
        {
            if (i + 1 >= c.Count) return c.Syntax();
            if (Ascii.EqualsIgnoreCase(c.Arg(i), "cursor"u8))
            {
                if (!ulong.TryParse(c.Arg(i + 1), out cursor)) return c.Error("ERR invalid cursor"u8);
            }
            else if (Ascii.EqualsIgnoreCase(c.Arg(i), "match"u8))
            {
                pattern = c.Arg(i + 1).ToArray();
            }
            else if (Ascii.EqualsIgnoreCase(c.Arg(i), "count"u8))
            {
                if (!RedisInteger.TryParse(c.Arg(i + 1), out long asked)) return c.NotInteger();
                if (asked is < 1 or > CountMax) return c.Error($"ERR COUNT must be from 1 to {CountMax}");
                count = (int)asked;
            }
            else
            {
                return c.Syntax();
            }
        }

        var found = new Found(c.Store, pattern);
        ulong next = c.Store.Scan(cursor, c.Client.Database, count, found);
        c.Reply.ArrayHeader(2);
        c.Reply.Text(next.ToString(System.Globalization.CultureInfo.InvariantCulture));
        c.Reply.ArrayHeader(found.Keys.Count * 2);
        foreach ((byte[] key, long bytes) in found.Keys)
        {
            c.Reply.Bulk(key);
            c.Reply.Integer(bytes);
        }

        return Outcome.Done;
    }

    private sealed class Found(IBlobStore store, byte[]? pattern) : IEntryVisitor
    {
        public List<(byte[] Key, long Bytes)> Keys { get; } = [];

        public void Visit(int database, in EntryRef entry)
        {
            if (pattern is null || GlobPattern.IsMatch(pattern, entry.Key)) Keys.Add((entry.Key.ToArray(), store.BytesOf(entry)));
        }
    }
}
