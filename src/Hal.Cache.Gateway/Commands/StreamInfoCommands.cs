using Hal.Cache.Gateway.Collections;
using Hal.Cache.Gateway.Streams;
using Hal.Cache.Node.Streams;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>XINFO: what is known of streams and their groups.</summary>
internal static class StreamInfoCommands
{
    private const long CountDefault = 10;

    public static readonly CommandSpec[] Specs =
    [
        new("xinfo", -2, CommandFlags.None, KeySpec.None, c => c.WrongArity())
        {
            Group = "stream", Since = "5.0.0", Complexity = "Depends on subcommand.", Summary = "Tells what is known of a stream.",
            Subcommands =
            [
                Row("consumers", 4, Consumers, "Tells of a group's consumers."),
                Row("groups", 3, Groups, "Tells of a stream's groups."),
                Row("stream", -3, Stream, "Tells of a stream."),
                new("help", 2, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Help)
                {
                    Group = "stream", Since = "5.0.0", Summary = "Lists the subcommands.",
                },
            ],
        },
    ];

    private static CommandSpec Row(string name, int arity, CommandHandler handler, string summary) =>
        new(name, arity, CommandFlags.ReadOnly, new(2, Flags: KeyFlags.RO | KeyFlags.Access), handler)
        {
            Group = "stream", Since = "5.0.0", Summary = summary,
        };

    private static bool TryStream(CommandContext c, out StreamValue? stream, out Outcome outcome)
    {
        if (!c.TryRead(2, out stream, out outcome)) return false;
        if (stream is not null) return true;
        outcome = c.Error(RespErrors.NoSuchKey);
        return false;
    }

    private static Outcome Consumers(CommandContext c)
    {
        if (c.ReadsCopies()) return c.AtAuthority(); // a consumer that finds nothing was seen, though the stream did not change
        if (!TryStream(c, out StreamValue? stream, out Outcome outcome)) return outcome;
        if (stream!.Groups.Find(c.Arg(3)) is not { } group) return c.Error(StreamErrors.NoGroupOfKey(c.Arg(2), c.Arg(3)));
        if (c.IsLong(group.Consumers.Count)) return Outcome.Async;
        long now = c.Now;
        c.Reply.ArrayHeader(group.Consumers.Count);
        foreach (StreamConsumer consumer in group.Consumers.Values)
        {
            c.Reply.MapHeader(4);
            c.Reply.Bulk("name"u8);
            c.Reply.Bulk(consumer.Name);
            Number(c.Reply, "pending"u8, consumer.Pending.Count);
            Number(c.Reply, "idle"u8, Math.Max(0, now - consumer.SeenAt));
            Number(c.Reply, "inactive"u8, consumer.ActiveAt == -1 ? -1 : now - consumer.ActiveAt);
        }

        return Outcome.Done;
    }

    private static Outcome Groups(CommandContext c)
    {
        if (!TryStream(c, out StreamValue? stream, out Outcome outcome)) return outcome;
        c.Reply.ArrayHeader(stream!.Groups.Count);
        foreach (StreamGroup group in stream.Groups.Values)
        {
            c.Reply.MapHeader(6);
            c.Reply.Bulk("name"u8);
            c.Reply.Bulk(group.Name);
            Number(c.Reply, "consumers"u8, group.Consumers.Count);
            Number(c.Reply, "pending"u8, group.Pending.Count);
            Position(c.Reply, stream, group);
        }

        return Outcome.Done;
    }

    private static Outcome Stream(CommandContext c)
    {
        if (c.ReadsCopies() && c.Count > 3) return c.AtAuthority(); // as above
        if (!TryStream(c, out StreamValue? stream, out Outcome outcome)) return outcome;
        bool isFull = c.Count > 3;
        long count = CountDefault;
        if (isFull)
        {
            if (c.Count is not (4 or 6) || !c.Is(3, "FULL"u8) || (c.Count == 6 && !c.Is(4, "COUNT"u8))) return c.BadSubcommand();
            if (c.Count == 6 && !c.TryLong(5, out count)) return Outcome.Done;
            if (count < 0) count = CountDefault;
        }

        if (c.IsLong(isFull && count == 0 ? stream!.Count : stream!.Nodes.Count)) return Outcome.Async;
        RespWriter reply = c.Reply;
        reply.MapHeader(isFull ? 9 : 10);
        Number(reply, "length"u8, stream.Count);
        Number(reply, "radix-tree-keys"u8, stream.Nodes.Count);
        Number(reply, "radix-tree-nodes"u8, RadixTree.NodesOf(stream.Nodes));
        Id(reply, "last-generated-id"u8, stream.LastId);
        Id(reply, "max-deleted-entry-id"u8, stream.MaxDeletedId);
        Number(reply, "entries-added"u8, stream.EntriesAdded);
        Id(reply, "recorded-first-entry-id"u8, stream.FirstId);
        if (isFull)
        {
            reply.Bulk("entries"u8);
            reply.Entries(stream, StreamId.Zero, StreamId.Max, count, false);
            reply.Bulk("groups"u8);
            reply.ArrayHeader(stream.Groups.Count);
            foreach (StreamGroup group in stream.Groups.Values) Full(reply, stream, group, count);
            return Outcome.Done;
        }

        Number(reply, "groups"u8, stream.Groups.Count);
        reply.Bulk("first-entry"u8);
        Edge(reply, stream, false);
        reply.Bulk("last-entry"u8);
        Edge(reply, stream, true);
        return Outcome.Done;
    }

    private static void Full(RespWriter reply, StreamValue stream, StreamGroup group, long count)
    {
        reply.MapHeader(7);
        reply.Bulk("name"u8);
        reply.Bulk(group.Name);
        Position(reply, stream, group);
        Number(reply, "pel-count"u8, group.Pending.Count);
        reply.Bulk("pending"u8);
        Pending(reply, group.Pending, count, withConsumers: true);
        reply.Bulk("consumers"u8);
        reply.ArrayHeader(group.Consumers.Count);
        foreach (StreamConsumer consumer in group.Consumers.Values)
        {
            reply.MapHeader(5);
            reply.Bulk("name"u8);
            reply.Bulk(consumer.Name);
            Number(reply, "seen-time"u8, consumer.SeenAt);
            Number(reply, "active-time"u8, consumer.ActiveAt);
            Number(reply, "pel-count"u8, consumer.Pending.Count);
            reply.Bulk("pending"u8);
            Pending(reply, consumer.Pending, count, withConsumers: false);
        }
    }

    private static void Pending(RespWriter reply, IdMap<PendingEntry> pending, long count, bool withConsumers)
    {
        int told = count == 0 ? pending.Count : (int)Math.Min(count, pending.Count);
        reply.ArrayHeader(told);
        IdPosition at = pending.Start;
        for (; told > 0 && pending.TryNext(ref at, out StreamId id, out PendingEntry? entry); told--)
        {
            reply.ArrayHeader(withConsumers ? 4 : 3);
            reply.StreamId(id);
            if (withConsumers) reply.Bulk(entry.Consumer.Name);
            reply.Integer(entry.DeliveredAt);
            reply.Integer(entry.Deliveries);
        }
    }

    private static void Position(RespWriter reply, StreamValue stream, StreamGroup group)
    {
        Id(reply, "last-delivered-id"u8, group.LastId);
        reply.Bulk("entries-read"u8);
        if (group.EntriesRead != StreamValue.Unknown) reply.Integer(group.EntriesRead);
        else reply.Null();
        reply.Bulk("lag"u8);
        if (stream.LagOf(group) is { } lag) reply.Integer(lag);
        else reply.Null();
    }

    private static void Edge(RespWriter reply, StreamValue stream, bool last)
    {
        StreamCursor entries = stream.Entries(StreamId.Zero, StreamId.Max, last, stackalloc byte[StreamCursor.ScratchBytes]);
        if (entries.MoveNext()) reply.Entry(ref entries);
        else reply.Null();
    }

    private static void Number(RespWriter reply, ReadOnlySpan<byte> name, long value)
    {
        reply.Bulk(name);
        reply.Integer(value);
    }

    private static void Id(RespWriter reply, ReadOnlySpan<byte> name, StreamId id)
    {
        reply.Bulk(name);
        reply.StreamId(id);
    }

    private static Outcome Help(CommandContext c) => c.Help(
        "CONSUMERS <key> <groupname>",
        "    Show consumers of <groupname>.",
        "GROUPS <key>",
        "    Show the stream consumer groups.",
        "STREAM <key> [FULL [COUNT <count>]",
        "    Show information about the stream.");
}
