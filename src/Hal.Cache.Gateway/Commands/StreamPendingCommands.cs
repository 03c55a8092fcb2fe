using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Gateway.Streams;
using Hal.Cache.Node.Streams;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Streams: what groups have pending, and giving it to other consumers.</summary>
internal static class StreamPendingCommands
{
    private const int PendingBytes = 160;
    private const int NewConsumerBytes = 512;
    private const int CountDefault = 100;
    private const int AttemptsFactor = 10; // entries that XAUTOCLAIM looks at for each that it may claim
    private const long CountMax = long.MaxValue / 16;

    public static readonly CommandSpec[] Specs =
    [
        new("xpending", -3, CommandFlags.ReadOnly, new(1, Flags: KeyFlags.RO | KeyFlags.Access), Pending)
        {
            Group = "stream", Since = "5.0.0", Complexity = "O(N) for N entries", Summary = "Tells what a group has pending.",
        },
        new("xclaim", -6, CommandFlags.Write | CommandFlags.Fast, new(1, Flags: KeyFlags.RW | KeyFlags.Update), Claim)
        {
            Group = "stream", Since = "5.0.0", Complexity = "O(log N) for N pending entries", Summary = "Gives pending entries to a consumer.",
        },
        new("xautoclaim", -6, CommandFlags.Write | CommandFlags.Fast, new(1, Flags: KeyFlags.RW | KeyFlags.Delete), AutoClaim)
        {
            Group = "stream", Since = "6.2.0", Complexity = "O(1) if COUNT is small", Summary = "Gives entries that are pending for long to a consumer.",
        },
    ];

    private static Outcome Pending(CommandContext c)
    {
        if (c.Count != 3 && c.Count is < 6 or > 9) return c.Syntax();
        long count = 0, idle = 0;
        StreamId low = default, high = default;
        int arg = 3;
        if (c.Count > 3)
        {
            if (c.Is(3, "IDLE"u8))
            {
                if (!c.TryLong(4, out idle)) return Outcome.Done;
                if (c.Count < 8) return c.Syntax();
                arg = 5;
            }

            if (!c.TryLong(arg + 2, out count)) return Outcome.Done;
            if (!c.TryBound(arg, true, out low) || !c.TryBound(arg + 1, false, out high)) return Outcome.Done;
        }

        if (!c.TryRead(1, out StreamValue? stream, out Outcome outcome)) return outcome;
        if (stream?.Groups.Find(c.Arg(2)) is not { } group) return c.Error(StreamErrors.NoGroup(c.Arg(1), c.Arg(2)));
        if (c.Count == 3) return Summary(c, group);
        IdMap<PendingEntry> pending = group.Pending;
        if (arg + 3 < c.Count)
        {
            if (group.Consumers.Find(c.Arg(arg + 3)) is not { } consumer) return c.EmptyArray();
            pending = consumer.Pending;
        }

        if (c.IsLong(Math.Min(count, pending.Count))) return Outcome.Async;
        List(c, pending, low, high, count, idle);
        return Outcome.Done;
    }

    private static void List(CommandContext c, IdMap<PendingEntry> pending, StreamId low, StreamId high, long count, long idle)
    {
        int position = c.Reply.Length, found = 0;
        IdPosition at = pending.Before(low);
        while (found < count && pending.TryNext(ref at, out StreamId id, out PendingEntry? entry) && id <= high)
        {
            long since = c.Now - entry.DeliveredAt;
            if (idle != 0 && since < idle) continue;
            found++;
            c.Reply.ArrayHeader(4);
            c.Reply.StreamId(id);
            c.Reply.Bulk(entry.Consumer.Name);
            c.Reply.Integer(Math.Max(0, since));
            c.Reply.Integer(entry.Deliveries);
        }

        c.Reply.ArrayHeaderAt(position, found);
    }

    private static Outcome Summary(CommandContext c, StreamGroup group)
    {
        c.Reply.ArrayHeader(4);
        c.Reply.Integer(group.Pending.Count);
        IdPosition start = group.Pending.Start, end = group.Pending.End;
        if (!group.Pending.TryNext(ref start, out StreamId first, out _) || !group.Pending.TryPrevious(ref end, out StreamId last, out _))
        {
            c.Reply.Null();
            c.Reply.Null();
            c.Reply.NullArray();
            return Outcome.Done;
        }

        c.Reply.StreamId(first);
        c.Reply.StreamId(last);
        int position = c.Reply.Length, count = 0;
        foreach (StreamConsumer consumer in group.Consumers.Values)
        {
            if (consumer.Pending.Count == 0) continue;
            c.Reply.ArrayHeader(2);
            c.Reply.Bulk(consumer.Name);
            c.Reply.BulkInteger(consumer.Pending.Count);
            count++;
        }

        c.Reply.ArrayHeaderAt(position, count);
        return Outcome.Done;
    }

    private static Outcome Claim(CommandContext c)
    {
        if (!c.TryChange(1, out StreamValue? stream, out Outcome outcome, NewConsumerBytes + ((long)c.Count * PendingBytes))) return outcome;
        if (stream?.Groups.Find(c.Arg(2)) is not { } group) return c.Error(StreamErrors.NoGroup(c.Arg(1), c.Arg(2)));
        if (!c.TryLong(4, out long idle, refused: "ERR Invalid min-idle-time argument for XCLAIM")) return Outcome.Done;
        long now = c.Now;
        if (!StreamClaim.TryParse(c, now, out StreamClaim claim)) return Outcome.Done;
        group.Select(c.Changes);
        bool isChanged = claim.LastId > group.LastId;
        if (isChanged) group.SetPosition(claim.LastId, group.EntriesRead, c.Changes);
        StreamConsumer consumer = Consumer(c, group, now, ref isChanged);
        int position = c.Reply.Length, count = 0;
        foreach (StreamId id in claim.Ids)
        {
            bool isPending = group.Pending.TryGet(id, out PendingEntry? entry);
            if (!stream.Contains(id))
            {
                isChanged |= group.Acknowledge(id, c.Changes);
                continue;
            }

            if (!isPending && !claim.Forces) continue;
            if (entry is not null && idle > 0 && now - entry.DeliveredAt < idle) continue;

            // One that FORCE makes counts as delivered once already.
            long deliveries = claim.Deliveries ?? (entry?.Deliveries ?? 1) + (claim.OnlyIds ? 0 : 1);
            group.Deliver(consumer, id, claim.Time, deliveries, c.Changes);
            if (claim.OnlyIds) c.Reply.StreamId(id);
            else c.Reply.Entry(stream, id);
            count++;
        }

        c.Reply.ArrayHeaderAt(position, count);
        End(c, stream, consumer, now, count > 0, isChanged);
        return Outcome.Done;
    }

    private static Outcome AutoClaim(CommandContext c)
    {
        if (!c.TryLong(4, out long idle, refused: "ERR Invalid min-idle-time argument for XAUTOCLAIM")) return Outcome.Done;
        if (!c.TryBound(5, true, out StreamId id)) return Outcome.Done;
        long most = CountDefault;
        bool onlyIds = false;
        for (int arg = 6; arg < c.Count; arg++)
        {
            if (c.Is(arg, "COUNT"u8) && arg + 1 < c.Count)
            {
                if (!c.TryLong(++arg, out most, 1, CountMax, "ERR COUNT must be > 0")) return Outcome.Done;
            }
            else if (c.Is(arg, "JUSTID"u8))
            {
                onlyIds = true;
            }
            else
            {
                return c.Syntax();
            }
        }

        if (!c.TryRead(1, out StreamValue? stream, out Outcome outcome)) return outcome;
        if (stream?.Groups.Find(c.Arg(2)) is not { } group) return c.Error(StreamErrors.NoGroup(c.Arg(1), c.Arg(2)));
        long claims = Math.Min(most, group.Pending.Count);
        if (c.IsLong(claims)) return Outcome.Async;
        if (!c.TryChange(1, out stream, out outcome, NewConsumerBytes + (claims * PendingBytes))) return outcome;
        long now = c.Now;
        bool isChanged = false;
        group.Select(c.Changes);
        StreamConsumer consumer = Consumer(c, group, now, ref isChanged);
        var deleted = new List<StreamId>();
        c.Reply.ArrayHeader(3);
        int position = c.Reply.Length, count = 0;
        IdPosition at = group.Pending.Before(id);
        bool hasMore;
        for (long attempts = most > long.MaxValue / AttemptsFactor ? long.MaxValue : most * AttemptsFactor; ; attempts--)
        {
            hasMore = group.Pending.TryNext(ref at, out id, out PendingEntry? entry);
            if (!hasMore || attempts == 0 || most == 0) break;
            if (!stream!.Contains(id))
            {
                isChanged |= group.Acknowledge(id, c.Changes);
                deleted.Add(id);
                at = group.Pending.Before(id);
                most--;
                continue;
            }

            if (idle > 0 && now - entry!.DeliveredAt < idle) continue;
            group.Deliver(consumer, id, now, entry!.Deliveries + (onlyIds ? 0 : 1), c.Changes);
            if (onlyIds) c.Reply.StreamId(id);
            else c.Reply.Entry(stream, id);
            count++;
            most--;
        }

        c.Reply.ArrayHeaderAt(position, count);
        NextAt(c, position, hasMore ? id : StreamId.Zero);
        c.Reply.ArrayHeader(deleted.Count);
        foreach (StreamId gone in deleted) c.Reply.StreamId(gone);
        End(c, stream!, consumer, now, count > 0, isChanged);
        return Outcome.Done;
    }

    // The cursor, which is known last, stands before the entries.
    private static void NextAt(CommandContext c, int position, StreamId next)
    {
        byte[] entries = c.Reply.WrittenSpan[position..].ToArray();
        c.Reply.Truncate(position);
        c.Reply.StreamId(next);
        c.Reply.Raw(entries);
    }

    private static StreamConsumer Consumer(CommandContext c, StreamGroup group, long now, ref bool isChanged)
    {
        StreamConsumer consumer = group.Select(c.Arg(3), now, c.Changes, out bool isNew);
        consumer.SeenAt = now;
        isChanged |= isNew;
        if (isNew) c.Changed("xgroup-createconsumer", 1);
        return consumer;
    }

    private static void End(CommandContext c, StreamValue stream, StreamConsumer consumer, long now, bool hasClaimed, bool isChanged)
    {
        if (hasClaimed) StreamGroup.SetTimes(consumer, now, now, c.Changes);
        if (hasClaimed || isChanged) c.Commit(1, stream, KeyChange.GroupsSet);
        else c.Changes.Clear();
    }
}
