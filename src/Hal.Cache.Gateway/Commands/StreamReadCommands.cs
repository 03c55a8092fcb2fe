using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Blocking;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Gateway.Streams;
using Hal.Cache.Node.Streams;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Streams: reading what is new in several, also waited for, and for a group's consumer.</summary>
internal static class StreamReadCommands
{
    private const int PendingBytes = 160; // what an entry that is delivered takes in its group and its consumer
    private const int NewConsumerBytes = 512;

    public static readonly CommandSpec[] Specs =
    [
        new("xread", -4, CommandFlags.ReadOnly | CommandFlags.Blocking | CommandFlags.MovableKeys,
            new(1, -1, Flags: KeyFlags.RO | KeyFlags.Access) { Keyword = "STREAMS", Finder = StreamReadOptions.FirstKeyOf, Limit = 2 }, Read)
        {
            Group = "stream", Since = "5.0.0", Complexity = "O(N)", Summary = "Gives the entries behind IDs of several streams, or waits for some.",
        },
        new("xreadgroup", -7, CommandFlags.Write | CommandFlags.Blocking | CommandFlags.MovableKeys,
            new(4, -1, Flags: KeyFlags.RO | KeyFlags.Access) { Keyword = "STREAMS", Finder = StreamReadOptions.FirstKeyOf, Limit = 2 }, ReadGroup)
        {
            Group = "stream", Since = "5.0.0", Complexity = "O(M) for M entries", Summary = "Gives a group's consumer new entries or those that it has pending.",
        },
    ];

    private static Outcome Read(CommandContext c)
    {
        if (!StreamReadOptions.TryParse(c, isGroup: false, out StreamReadOptions options)) return Outcome.Done;
        var streams = new StreamValue?[options.Streams];
        StreamId[]? known = c.Serving?.State as StreamId[]; // what "$" meant when the wait began
        var ids = known ?? new StreamId[streams.Length];
        long entries = 0;
        for (int i = 0; i < streams.Length; i++)
        {
            if (!c.TryRead(options.KeyArg(i), out streams[i], out Outcome outcome)) return outcome;
            entries += streams[i]?.Count ?? 0;
            if (known is null && !TryFrom(c, options.IdArg(i), streams[i], out ids[i])) return Outcome.Done;
        }

        if (c.IsLong(options.Count == 0 ? entries : Math.Min(entries, options.Count))) return Outcome.Async;
        int start = c.Reply.Length, served = 0;
        for (int i = 0; i < streams.Length; i++)
        {
            if (streams[i] is not { Count: > 0 } stream || stream.LastEntryId() <= ids[i]) continue;
            Begin(c, options.KeyArg(i), ref served);
            ids[i].TryNext(out StreamId from);
            c.Reply.Entries(stream, from, StreamId.Max, options.Count, false);
        }

        if (served > 0) return End(c, start, served);
        if (options.IsBlocking && c.TryBlock(options.FirstKey, options.KeyArg(streams.Length) - 1, BlobType.Stream, options.Timeout, out Outcome blocked, state: ids))
            return blocked;
        c.Reply.NullArray();
        return Outcome.Done;
    }

    private static bool TryFrom(CommandContext c, int arg, StreamValue? stream, out StreamId id)
    {
        id = stream?.LastId ?? StreamId.Zero;
        if (c.Arg(arg).SequenceEqual("$"u8)) return true;
        if (!c.Arg(arg).SequenceEqual(">"u8)) return c.TryId(arg, 0, true, out id);
        c.Error("ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."u8);
        return false;
    }

    private static Outcome ReadGroup(CommandContext c)
    {
        if (!StreamReadOptions.TryParse(c, isGroup: true, out StreamReadOptions options)) return Outcome.Done;
        var streams = new StreamValue[options.Streams];
        var ids = new StreamId[streams.Length];
        long entries = 0;
        for (int i = 0; i < streams.Length; i++)
        {
            if (!TryGroupStream(c, options, i, out streams[i]!, out ids[i], out Outcome outcome)) return outcome;
            entries += streams[i].Count;
        }

        if (c.IsLong(options.Count == 0 ? entries : Math.Min(entries, options.Count))) return Outcome.Async;
        for (int i = 0; i < streams.Length; i++)
        {
            long growth = NewConsumerBytes + ((options.Count == 0 ? streams[i].Count : Math.Min(options.Count, streams[i].Count)) * PendingBytes);
            if (!c.TryChange(options.KeyArg(i), out StreamValue? _, out Outcome outcome, growth)) return outcome;
        }

        int start = c.Reply.Length, served = 0;
        if (streams.Length > 1) c.Store.Begin(ref c.Scope);
        for (int i = 0; i < streams.Length; i++) Serve(c, options, i, streams[i], ids[i], ref served);
        if (streams.Length > 1) c.Store.Complete(ref c.Scope);
        if (served > 0) return End(c, start, served);
        if (options.IsBlocking && c.TryBlock(options.FirstKey, options.KeyArg(streams.Length) - 1, BlobType.Stream, options.Timeout, out Outcome blocked, isForGone: true))
            return blocked;
        c.Reply.NullArray();
        return Outcome.Done;
    }

    private static bool TryGroupStream(CommandContext c, in StreamReadOptions options, int index, out StreamValue? stream, out StreamId id, out Outcome outcome)
    {
        id = StreamId.Max; // stands for ">", as in Redis
        if (!c.TryRead(options.KeyArg(index), out stream, out outcome)) return false;
        outcome = Outcome.Done;
        if (stream?.Groups.Find(c.Arg(options.GroupArg)) is null)
        {
            c.Error(StreamErrors.NoGroup(c.Arg(options.KeyArg(index)), c.Arg(options.GroupArg), " in XREADGROUP with GROUP option"u8));
            return false;
        }

        ReadOnlySpan<byte> text = c.Arg(options.IdArg(index));
        if (text.SequenceEqual(">"u8)) return true;
        if (!text.SequenceEqual("$"u8)) return c.TryId(options.IdArg(index), 0, true, out id);
        c.Error("ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set."u8);
        return false;
    }

    private static void Serve(CommandContext c, in StreamReadOptions options, int index, StreamValue stream, StreamId id, ref int served)
    {
        int keyArg = options.KeyArg(index);
        StreamGroup group = stream.Groups.Find(c.Arg(options.GroupArg))!;
        group.Select(c.Changes);
        StreamConsumer consumer = group.Select(c.Arg(options.ConsumerArg), c.Now, c.Changes, out bool isNew);
        consumer.SeenAt = c.Now;
        if (isNew) c.Changed("xgroup-createconsumer", keyArg);
        bool isHistory = id != StreamId.Max, isChanged = isNew;
        if (isHistory || (stream.Count > 0 && stream.LastEntryId() > group.LastId))
        {
            Begin(c, keyArg, ref served);
            (isHistory ? id : group.LastId).TryNext(out StreamId from);
            if (isHistory) History(c, options.Count, stream, group, consumer, from);
            else New(c, options, stream, group, consumer, from);
            isChanged = true;
        }

        if (isChanged) c.Commit(keyArg, stream, KeyChange.GroupsSet);
        else c.Changes.Clear();
    }

    private static void New(CommandContext c, in StreamReadOptions options, StreamValue stream, StreamGroup group, StreamConsumer consumer, StreamId from)
    {
        long now = c.Now;
        int position = c.Reply.Length, count = 0;
        StreamCursor entries = stream.Entries(from, StreamId.Max, false, stackalloc byte[StreamCursor.ScratchBytes]);
        while ((options.Count == 0 || count < options.Count) && entries.MoveNext())
        {
            StreamId id = entries.Id;
            long read = group.EntriesRead;
            if (read != StreamValue.Unknown && !stream.HasGapsFrom(id)) read++;
            else if (stream.EntriesAdded != 0) read = stream.EntriesUpTo(id);
            group.SetPosition(id, read, null);
            c.Reply.Entry(ref entries);
            if (!options.NoAck) group.Deliver(consumer, id, now, 1, c.Changes);
            count++;
        }

        c.Reply.ArrayHeaderAt(position, count);
        group.SetPosition(group.LastId, group.EntriesRead, c.Changes);
        StreamGroup.SetTimes(consumer, now, options.NoAck ? consumer.ActiveAt : now, c.Changes);
    }

    private static void History(CommandContext c, long most, StreamValue stream, StreamGroup group, StreamConsumer consumer, StreamId from)
    {
        int position = c.Reply.Length, count = 0;
        IdPosition at = consumer.Pending.Before(from);
        for (; (most == 0 || count < most) && consumer.Pending.TryNext(ref at, out StreamId id, out PendingEntry? entry); count++)
        {
            if (c.Reply.Entry(stream, id))
            {
                group.Deliver(consumer, id, c.Now, entry.Deliveries + 1, c.Changes);
                continue;
            }

            c.Reply.ArrayHeader(2);
            c.Reply.StreamId(id);
            c.Reply.NullArray();
        }

        c.Reply.ArrayHeaderAt(position, count);
    }

    private static void Begin(CommandContext c, int keyArg, ref int served)
    {
        served++;
        if (c.Reply.Protocol == 2) c.Reply.ArrayHeader(2);
        c.Reply.Bulk(c.Arg(keyArg));
    }

    private static Outcome End(CommandContext c, int start, int served)
    {
        if (c.Reply.Protocol == 2) c.Reply.ArrayHeaderAt(start, served);
        else c.Reply.MapHeaderAt(start, served);
        return Outcome.Done;
    }
}
