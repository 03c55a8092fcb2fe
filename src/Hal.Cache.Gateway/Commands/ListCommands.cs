using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Lists, one at a time.</summary>
internal static class ListCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("lpush", -3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Insert), c => Push(c, true, false))
        {
            Group = "list", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Puts elements before the head, one after the other.",
        },
        new("rpush", -3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Insert), c => Push(c, false, false))
        {
            Group = "list", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Puts elements behind the tail.",
        },
        new("lpushx", -3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Insert), c => Push(c, true, true))
        {
            Group = "list", Since = "2.2.0", Complexity = "O(1)",
            Summary = "Puts elements before the head of a list that exists.",
        },
        new("rpushx", -3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Insert), c => Push(c, false, true))
        {
            Group = "list", Since = "2.2.0", Complexity = "O(1)",
            Summary = "Puts elements behind the tail of a list that exists.",
        },
        new("lpop", -2, CommandFlags.Write | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), c => Pop(c, true))
        {
            Group = "list", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Takes elements off the head.",
        },
        new("rpop", -2, CommandFlags.Write | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), c => Pop(c, false))
        {
            Group = "list", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Takes elements off the tail.",
        },
        new("llen", 2, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO), Len)
        {
            Group = "list", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Counts the elements.",
        },
        new("lrange", 4, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Range)
        {
            Group = "list", Since = "1.0.0", Complexity = "O(S+N)",
            Summary = "Gives the elements between two indexes.",
        },
        new("lindex", 3, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Index)
        {
            Group = "list", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Gives the element of an index.",
        },
        new("lset", 4, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.RW | KeyFlags.Update), Set)
        {
            Group = "list", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Puts an element in the place of another.",
        },
        new("linsert", 5, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.RW | KeyFlags.Insert), Insert)
        {
            Group = "list", Since = "2.2.0", Complexity = "O(N)",
            Summary = "Puts an element before or behind the first that is equal to another.",
        },
        new("lrem", 4, CommandFlags.Write,
            new(1, Flags: KeyFlags.RW | KeyFlags.Delete), Rem)
        {
            Group = "list", Since = "1.0.0", Complexity = "O(N+M)",
            Summary = "Removes elements that are equal to one.",
        },
        new("ltrim", 4, CommandFlags.Write,
            new(1, Flags: KeyFlags.RW | KeyFlags.Delete), Trim)
        {
            Group = "list", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Removes all but the elements between two indexes.",
        },
        new("lpos", -3, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Pos)
        {
            Group = "list", Since = "6.0.6", Complexity = "O(N)",
            Summary = "Finds where an element is.",
        },
    ];

    private static Outcome Push(CommandContext c, bool atHead, bool onlyPresent)
    {
        if (!c.TryChange(1, out ListValue? list, out Outcome outcome)) return outcome;
        if (list is null && onlyPresent) return c.Integer(0);
        bool isNew = list is null;
        list ??= new ListValue(c.Keyspace.Collections);
        long bytes = 0;
        for (int arg = 2; arg < c.Count; arg++) bytes += c.ArgLength(arg);
        list.ExpectGrowth(bytes, c.Count - 2);
        for (int arg = 2; arg < c.Count; arg++)
        {
            if (atHead) list.PushHead(c.Arg(arg), c.Changes);
            else list.PushTail(c.Arg(arg), c.Changes);
        }

        long count = list.Count;
        if (!c.TryCommit(1, list, isNew)) return Outcome.Retry;
        c.Changed(atHead ? "lpush" : "rpush", 1);
        return c.Integer(count);
    }

    private static Outcome Pop(CommandContext c, bool fromHead)
    {
        if (c.Count > 3) return c.WrongArity();
        long count = 1;
        if (c.Count == 3 && !c.TryCount(2, out count)) return Outcome.Done;
        if (!c.TryChange(1, out ListValue? list, out Outcome outcome)) return outcome;
        if (list is null)
        {
            if (c.Count == 3) c.Reply.NullArray();
            else c.Reply.Null();
            return Outcome.Done;
        }

        if (count == 0) return c.EmptyArray();
        if (c.Count == 3) c.Reply.ArrayHeader((int)Math.Min(count, list.Count));
        Take(c, 1, list, fromHead, count);
        return Outcome.Done;
    }

    /// <summary>Writes elements from one end, removes them, and logs that.</summary>
    internal static void Take(CommandContext c, int keyArg, ListValue list, bool fromHead, long count)
    {
        count = Math.Min(count, list.Count);
        ListItemCursor items = list.Items(fromHead ? 0 : list.Count - 1, !fromHead, stackalloc byte[Listpack.ScratchBytes]);
        for (long left = count; left > 0 && items.MoveNext(); left--) c.Reply.Bulk(items.Current);
        if (fromHead) list.PopHead(count, c.Changes);
        else list.PopTail(count, c.Changes);
        c.Changed(fromHead ? "lpop" : "rpop", keyArg);
        c.Commit(keyArg, list);
    }

    private static Outcome Len(CommandContext c) =>
        c.TryRead(1, out ListValue? list, out Outcome outcome) ? c.Integer(list?.Count ?? 0) : outcome;

    private static Outcome Range(CommandContext c)
    {
        if (!c.TryLong(2, out long start) || !c.TryLong(3, out long end)) return Outcome.Done;
        if (!c.TryRead(1, out ListValue? list, out Outcome outcome)) return outcome;
        if (list is null || !IndexRange.TryClamp(ref start, ref end, list.Count)) return c.EmptyArray();
        if (c.IsLong(end - start)) return Outcome.Async;
        c.Reply.ArrayHeader((int)(end - start + 1));
        ListItemCursor items = list.Items(start, false, stackalloc byte[Listpack.ScratchBytes]);
        for (; start <= end && items.MoveNext(); start++) c.Reply.Bulk(items.Current);
        return Outcome.Done;
    }

    private static Outcome Index(CommandContext c)
    {
        if (!c.TryRead(1, out ListValue? list, out Outcome outcome)) return outcome;
        if (list is null) return c.Null();
        if (!c.TryLong(2, out long index)) return Outcome.Done;
        if (index < 0) index += list.Count;
        if (index < 0 || index >= list.Count) return c.Null();
        c.Reply.Bulk(list.Get(index, stackalloc byte[Listpack.ScratchBytes]));
        return Outcome.Done;
    }

    private static Outcome Set(CommandContext c)
    {
        if (!c.TryChange(1, out ListValue? list, out Outcome outcome)) return outcome;
        if (list is null) return c.Error(RespErrors.NoSuchKey);
        if (!c.TryLong(2, out long index)) return Outcome.Done;
        list.ExpectGrowth(c.ArgLength(3), 1);
        if (index < 0) index += list.Count;
        if (index < 0 || index >= list.Count) return c.Error(RespErrors.OutOfRange);
        list.Replace(index, c.Arg(3), c.Changes);
        c.Commit(1, list);
        c.Changed("lset", 1);
        return c.Ok();
    }

    private static Outcome Insert(CommandContext c)
    {
        bool behind = c.Is(2, "AFTER"u8);
        if (!behind && !c.Is(2, "BEFORE"u8)) return c.Syntax();
        if (!c.TryChange(1, out ListValue? list, out Outcome outcome)) return outcome;
        if (list is null) return c.Integer(0);
        list.ExpectGrowth(c.ArgLength(4), 1);
        ListItemCursor items = list.Items(0, false, stackalloc byte[Listpack.ScratchBytes]);
        for (long index = 0; items.MoveNext(); index++)
        {
            if (!items.IsEqual(c.Arg(3))) continue;
            list.Insert(behind ? index + 1 : index, c.Arg(4), c.Changes);
            c.Commit(1, list);
            c.Changed("linsert", 1);
            return c.Integer(list.Count);
        }

        return c.Integer(-1);
    }

    private static Outcome Rem(CommandContext c)
    {
        if (!c.TryLong(2, out long count)) return Outcome.Done;
        if (!c.TryChange(1, out ListValue? list, out Outcome outcome)) return outcome;
        if (list is null) return c.Integer(0);
        long removed = list.RemoveEqual(c.Arg(3), count, c.Changes);
        if (removed > 0) c.Changed("lrem", 1);
        c.Commit(1, list);
        return c.Integer(removed);
    }

    private static Outcome Trim(CommandContext c)
    {
        if (!c.TryLong(2, out long start) || !c.TryLong(3, out long end)) return Outcome.Done;
        if (!c.TryChange(1, out ListValue? list, out Outcome outcome)) return outcome;
        if (list is null) return c.Ok();
        if (IndexRange.TryClamp(ref start, ref end, list.Count))
        {
            list.PopTail(list.Count - 1 - end, c.Changes);
            list.PopHead(start, c.Changes);
        }
        else
        {
            list.PopHead(list.Count, c.Changes);
        }

        if (c.Changes.IsEmpty) ListValue.Touch(c.Changes); // as in Redis, LTRIM always counts as a change
        c.Changed("ltrim", 1);
        c.Commit(1, list);
        return c.Ok();
    }

    private static Outcome Pos(CommandContext c)
    {
        long rank = 1, count = -1, most = 0;
        for (int arg = 3; arg < c.Count; arg += 2)
        {
            bool more = arg + 1 < c.Count;
            if (more && c.Is(arg, "RANK"u8))
            {
                if (!c.TryLong(arg + 1, out rank, -long.MaxValue)) return Outcome.Done;
                if (rank == 0)
                {
                    return c.Error("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list"u8);
                }
            }
            else if (more && c.Is(arg, "COUNT"u8))
            {
                if (!c.TryLong(arg + 1, out count, 0, long.MaxValue, "ERR COUNT can't be negative")) return Outcome.Done;
            }
            else if (more && c.Is(arg, "MAXLEN"u8))
            {
                if (!c.TryLong(arg + 1, out most, 0, long.MaxValue, "ERR MAXLEN can't be negative")) return Outcome.Done;
            }
            else
            {
                return c.Syntax();
            }
        }

        if (!c.TryRead(1, out ListValue? list, out Outcome outcome)) return outcome;
        if (list is null) return count < 0 ? c.Null() : c.EmptyArray();
        int header = c.Reply.Length, found = 0;
        bool backward = rank < 0;
        long skipped = Math.Abs(rank) - 1, wanted = count < 0 ? 1 : count == 0 ? long.MaxValue : count;
        ListItemCursor items = list.Items(backward ? list.Count - 1 : 0, backward, stackalloc byte[Listpack.ScratchBytes]);
        for (long seen = 0; (most == 0 || seen < most) && found < wanted && items.MoveNext(); seen++)
        {
            if (!items.IsEqual(c.Arg(2)) || skipped-- > 0) continue;
            c.Reply.Integer(backward ? list.Count - 1 - seen : seen);
            found++;
        }

        if (count >= 0) c.Reply.ArrayHeaderAt(header, found);
        else if (found == 0) c.Reply.Null();
        return Outcome.Done;
    }
}
