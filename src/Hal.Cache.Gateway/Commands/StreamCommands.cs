using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Gateway.Streams;
using Hal.Cache.Node.Streams;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Streams: their entries.</summary>
internal static class StreamCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("xadd", -5, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Update) { Notes = "UPDATE instead of INSERT because of the optional trimming feature" }, Add)
        {
            Group = "stream", Since = "5.0.0", Complexity = "O(1), and O(N) for N entries that are trimmed",
            Summary = "Adds an entry, and may trim the stream.",
        },
        new("xlen", 2, CommandFlags.ReadOnly | CommandFlags.Fast, new(1, Flags: KeyFlags.RO), Len)
        {
            Group = "stream", Since = "5.0.0", Complexity = "O(1)", Summary = "Counts the entries.",
        },
        new("xrange", -4, CommandFlags.ReadOnly, new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => Range(c, false))
        {
            Group = "stream", Since = "5.0.0", Complexity = "O(N)", Summary = "Gives the entries between two IDs.",
        },
        new("xrevrange", -4, CommandFlags.ReadOnly, new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => Range(c, true))
        {
            Group = "stream", Since = "5.0.0", Complexity = "O(N)", Summary = "Gives the entries between two IDs, the newest first.",
        },
        new("xdel", -3, CommandFlags.Write | CommandFlags.Fast, new(1, Flags: KeyFlags.RW | KeyFlags.Delete), Delete)
        {
            Group = "stream", Since = "5.0.0", Complexity = "O(N) for N entries", Summary = "Deletes entries by their IDs.",
        },
        new("xtrim", -4, CommandFlags.Write, new(1, Flags: KeyFlags.RW | KeyFlags.Delete), Trim)
        {
            Group = "stream", Since = "5.0.0", Complexity = "O(N) for N entries that go", Summary = "Removes the oldest entries.",
        },
        new("xsetid", -3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast, new(1, Flags: KeyFlags.RW | KeyFlags.Update), SetId)
        {
            Group = "stream", Since = "5.0.0", Complexity = "O(1)", Summary = "Sets the last ID of a stream.",
        },
    ];

    private static Outcome Add(CommandContext c)
    {
        if (!StreamTrim.TryParse(c, isAdd: true, out StreamTrim trim, out int idArg)) return Outcome.Done;
        int fieldsArg = idArg + 1;
        if (c.Count - fieldsArg < 2 || ((c.Count - fieldsArg) & 1) != 0) return c.WrongArity();
        if (trim.Id == StreamId.Zero && trim.HasNumber) return c.Error("ERR The ID specified in XADD must be greater than 0-0"u8);
        if (!c.TryChange(1, out StreamValue? stream, out Outcome outcome)) return outcome;
        if (stream is null && trim.OnlyPresent) return c.Null();
        bool isNew = stream is null;
        stream ??= new StreamValue(c.Keyspace.Collections);
        if (stream.LastId == StreamId.Max) return c.Error("ERR The stream has exhausted the last possible ID, unable to add more items"u8);
        if (!TryNewId(c, trim, stream, out StreamId id)) return c.Error("ERR The ID specified in XADD is equal or smaller than the target stream top item"u8);
        stream.Append(id, new ArgFields(c, fieldsArg), isNew ? null : c.Changes);
        bool isTrimmed = trim.Apply(stream, c.Changes) > 0;
        if (!c.TryCommit(1, stream, isNew)) return Outcome.Retry;
        c.Changed("xadd", 1);
        if (isTrimmed) c.Changed("xtrim", 1);
        c.Reply.StreamId(id);
        return Outcome.Done;
    }

    private static bool TryNewId(CommandContext c, in StreamTrim trim, StreamValue stream, out StreamId id)
    {
        StreamId last = stream.LastId;
        if (trim.Id is { } given)
        {
            id = given;
            if (trim.HasNumber || given.Ms != last.Ms) return id > last;
            id = new(last.Ms, last.Seq + 1);
            return last.Seq != ulong.MaxValue;
        }

        ulong now = (ulong)c.Now;
        if (now > last.Ms) id = new(now, 0);
        else last.TryNext(out id);
        return true;
    }

    private static Outcome Len(CommandContext c) =>
        c.TryRead(1, out StreamValue? stream, out Outcome outcome) ? c.Integer(stream?.Count ?? 0) : outcome;

    private static Outcome Range(CommandContext c, bool backward)
    {
        if (!c.TryBound(backward ? 3 : 2, true, out StreamId low) || !c.TryBound(backward ? 2 : 3, false, out StreamId high)) return Outcome.Done;
        long count = -1;
        for (int arg = 4; arg < c.Count; arg += 2)
        {
            if (!c.Is(arg, "COUNT"u8) || arg + 1 == c.Count) return c.Syntax();
            if (!c.TryLong(arg + 1, out count)) return Outcome.Done;
            count = Math.Max(0, count);
        }

        if (!c.TryRead(1, out StreamValue? stream, out Outcome outcome)) return outcome;
        if (stream is null) return c.EmptyArray();
        if (count == 0)
        {
            c.Reply.NullArray();
            return Outcome.Done;
        }

        count = Math.Max(0, count);
        if (c.IsLong(count == 0 ? stream.Count : Math.Min(count, stream.Count))) return Outcome.Async;
        c.Reply.Entries(stream, low, high, count, backward);
        return Outcome.Done;
    }

    private static Outcome Delete(CommandContext c)
    {
        if (!c.TryChange(1, out StreamValue? stream, out Outcome outcome)) return outcome;
        if (stream is null) return c.Integer(0);
        if (!c.TryIds(2, out StreamId[] ids)) return Outcome.Done;
        long deleted = 0;
        foreach (StreamId id in ids)
        {
            if (stream.Delete(id, c.Changes)) deleted++;
        }

        c.Commit(1, stream);
        if (deleted > 0) c.Changed("xdel", 1);
        return c.Integer(deleted);
    }

    private static Outcome Trim(CommandContext c)
    {
        if (!StreamTrim.TryParse(c, isAdd: false, out StreamTrim trim, out _)) return Outcome.Done;
        if (!c.TryChange(1, out StreamValue? stream, out Outcome outcome)) return outcome;
        if (stream is null) return c.Integer(0);
        long removed = trim.Apply(stream, c.Changes);
        c.Commit(1, stream);
        if (removed > 0) c.Changed("xtrim", 1);
        return c.Integer(removed);
    }

    private static Outcome SetId(CommandContext c)
    {
        if (!c.TryId(2, 0, true, out StreamId id)) return Outcome.Done;
        long added = -1;
        StreamId deleted = StreamId.Zero;
        for (int arg = 3; arg < c.Count; arg += 2)
        {
            bool more = arg + 1 < c.Count;
            if (more && c.Is(arg, "ENTRIESADDED"u8))
            {
                if (!c.TryLong(arg + 1, out added)) return Outcome.Done;
                if (added < 0) return c.Error("ERR entries_added must be positive"u8);
            }
            else if (more && c.Is(arg, "MAXDELETEDID"u8))
            {
                if (!c.TryId(arg + 1, 0, true, out deleted)) return Outcome.Done;
                if (id < deleted) return c.Error("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"u8);
            }
            else
            {
                return c.Syntax();
            }
        }

        if (!c.TryChange(1, out StreamValue? stream, out Outcome outcome)) return outcome;
        if (stream is null) return c.Error(RespErrors.NoSuchKey);
        if (id < stream.MaxDeletedId) return c.Error("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"u8);
        if (stream.Count > 0)
        {
            if (id < stream.LastEntryId()) return c.Error("ERR The ID specified in XSETID is smaller than the target stream top item"u8);
            if (added != -1 && stream.Count > added)
                return c.Error("ERR The entries_added specified in XSETID is smaller than the target stream length"u8);
        }

        stream.SetId(id, added == -1 ? stream.EntriesAdded : added, deleted == StreamId.Zero ? stream.MaxDeletedId : deleted, c.Changes);
        c.Commit(1, stream, KeyChange.GroupsSet);
        c.Changed("xsetid", 1);
        return c.Ok();
    }
}
