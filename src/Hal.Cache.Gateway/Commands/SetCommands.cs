using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Sets, one at a time.</summary>
internal static class SetCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("sadd", -3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Insert), Add)
        {
            Group = "set", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Adds members.",
        },
        new("srem", -3, CommandFlags.Write | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Delete), Remove)
        {
            Group = "set", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Removes members; the set goes with its last one.",
        },
        new("sismember", 3, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO), IsMember)
        {
            Group = "set", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Tells whether a member is there.",
        },
        new("smismember", -3, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), AreMembers)
        {
            Group = "set", Since = "6.2.0", Complexity = "O(N)",
            Summary = "Tells which of several members are there.",
        },
        new("smembers", 2, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Members)
        {
            Group = "set", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Gives all members.",
        },
        new("scard", 2, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO), Card)
        {
            Group = "set", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Counts the members.",
        },
        new("spop", -2, CommandFlags.Write | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), Pop)
        {
            Group = "set", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Takes members by chance.",
        },
        new("srandmember", -2, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), RandMember)
        {
            Group = "set", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Gives members by chance.",
        },
        new("smove", 4, CommandFlags.Write | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), Move)
        {
            Group = "set", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Moves a member to another set.",
            MoreKeys = [new(2, Flags: KeyFlags.RW | KeyFlags.Insert)],
        },
        new("sscan", -3, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Scan)
        {
            Group = "set", Since = "2.8.0", Complexity = "O(1)",
            Summary = "Gives some members, and where to go on.",
        },
    ];

    private static Outcome Add(CommandContext c)
    {
        if (!c.TryChange(1, out SetValue? set, out Outcome outcome)) return outcome;
        bool isNew = set is null;
        set ??= new SetValue(c.Keyspace.Collections);
        int added = 0;
        for (int arg = 2; arg < c.Count; arg++)
        {
            if (set.Add(c.Arg(arg), c.Changes)) added++;
        }

        if (!c.TryCommit(1, set, isNew)) return Outcome.Retry;
        if (added > 0) c.Changed("sadd", 1);
        return c.Integer(added);
    }

    private static Outcome Remove(CommandContext c)
    {
        if (!c.TryChange(1, out SetValue? set, out Outcome outcome)) return outcome;
        if (set is null) return c.Integer(0);
        int removed = 0;
        for (int arg = 2; arg < c.Count && !set.IsEmpty; arg++)
        {
            if (set.Remove(c.Arg(arg), c.Changes)) removed++;
        }

        if (removed > 0) c.Changed("srem", 1);
        c.Commit(1, set);
        return c.Integer(removed);
    }

    private static Outcome IsMember(CommandContext c) =>
        c.TryRead(1, out SetValue? set, out Outcome outcome) ? c.Integer(set?.Contains(c.Arg(2)) == true ? 1 : 0) : outcome;

    private static Outcome AreMembers(CommandContext c)
    {
        if (!c.TryRead(1, out SetValue? set, out Outcome outcome)) return outcome;
        c.Reply.ArrayHeader(c.Count - 2);
        for (int arg = 2; arg < c.Count; arg++) c.Reply.Integer(set?.Contains(c.Arg(arg)) == true ? 1 : 0);
        return Outcome.Done;
    }

    private static Outcome Members(CommandContext c)
    {
        if (!c.TryRead(1, out SetValue? set, out Outcome outcome)) return outcome;
        if (c.IsLong(set?.Count ?? 0)) return Outcome.Async;
        WriteAll(c, set);
        return Outcome.Done;
    }

    /// <summary>Writes all members, in RESP3 as a set.</summary>
    internal static void WriteAll(CommandContext c, SetValue? set)
    {
        c.Reply.SetHeader(set?.Count ?? 0);
        if (set is null) return;
        SetValue.MemberCursor members = set.Members(stackalloc byte[Listpack.ScratchBytes]);
        while (members.MoveNext()) c.Reply.Bulk(members.Current);
    }

    private static Outcome Card(CommandContext c) =>
        c.TryRead(1, out SetValue? set, out Outcome outcome) ? c.Integer(set?.Count ?? 0) : outcome;

    private static Outcome Pop(CommandContext c)
    {
        if (c.Count > 3) return c.Syntax();
        long count = 1;
        if (c.Count == 3 && !c.TryCount(2, out count)) return Outcome.Done;
        if (!c.TryChange(1, out SetValue? set, out Outcome outcome)) return outcome;
        if (set is null && c.Count == 2) return c.Null();
        count = Math.Min(count, set?.Count ?? 0);
        if (c.IsLong(count)) return Outcome.Async;
        if (c.Count == 3) c.Reply.SetHeader((int)count);
        if (set is null || count == 0) return Outcome.Done;
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        for (; count > 0; count--)
        {
            ReadOnlySpan<byte> member = set.Random(Random.Shared, scratch);
            c.Reply.Bulk(member);
            set.Remove(member.ToArray(), c.Changes);
        }

        c.Changed("spop", 1);
        c.Commit(1, set);
        return Outcome.Done;
    }

    private static Outcome RandMember(CommandContext c)
    {
        if (c.Count > 3) return c.Syntax();
        long count = 1;
        if (c.Count == 3 && !c.TryLong(2, out count, -long.MaxValue)) return Outcome.Done;
        if (count < -CollectionReplyLimits.RandomElementsMax) return c.Error("ERR value is out of range"u8);
        if (!c.TryRead(1, out SetValue? set, out Outcome outcome)) return outcome;
        if (set is null) return c.Count == 2 ? c.Null() : c.EmptyArray();
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        if (c.Count == 2)
        {
            c.Reply.Bulk(set.Random(Random.Shared, scratch));
            return Outcome.Done;
        }

        long items = count < 0 ? -count : Math.Min(count, set.Count);
        if (c.IsLong(items)) return Outcome.Async;
        c.Reply.ArrayHeader((int)items);
        if (count < 0)
        {
            for (; items > 0; items--) c.Reply.Bulk(set.Random(Random.Shared, scratch));
            return Outcome.Done;
        }

        if (items * 8 < set.Count) return WriteFew(c, set, (int)items);
        var chosen = new ChosenIndexes(set.Count, (int)items, Random.Shared);
        SetValue.MemberCursor members = set.Members(scratch);
        while (items > 0 && members.MoveNext())
        {
            if (!chosen.Take()) continue;
            c.Reply.Bulk(members.Current);
            items--;
        }

        return Outcome.Done;
    }

    // A few of many: drawn until they are all different, so that the set is not walked over.
    private static Outcome WriteFew(CommandContext c, SetValue set, int count)
    {
        var drawn = new SetValue(c.Keyspace.Collections);
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        while (drawn.Count < count)
        {
            ReadOnlySpan<byte> member = set.Random(Random.Shared, scratch);
            if (drawn.Add(member, null)) c.Reply.Bulk(member);
        }

        return Outcome.Done;
    }

    private static Outcome Move(CommandContext c)
    {
        if (!c.TryChange(1, out SetValue? source, out Outcome outcome)) return outcome;
        if (source is null) return c.Integer(0);
        if (!c.TryChange(2, out SetValue? target, out outcome)) return outcome;
        bool isMember = source.Contains(c.Arg(3));
        if (ReferenceEquals(source, target) || !isMember) return c.Integer(isMember ? 1 : 0);
        bool isNew = target is null;
        target ??= new SetValue(c.Keyspace.Collections);
        c.Store.Begin(ref c.Scope);
        bool added = target.Add(c.Arg(3), c.Changes);
        if (!c.TryCommit(2, target, isNew))
        {
            c.Store.Complete(ref c.Scope);
            return Outcome.Retry;
        }

        source.Remove(c.Arg(3), c.Changes);
        c.Changed("srem", 1);
        c.Commit(1, source);
        c.Store.Complete(ref c.Scope);
        if (added) c.Changed("sadd", 2);
        return c.Integer(1);
    }

    private static Outcome Scan(CommandContext c)
    {
        if (!ElementScan.TryCursor(c, 2, out ulong cursor)) return Outcome.Done;
        if (ElementScan.NeedsAuthority(c, cursor, isCompact: true)) return c.AtAuthority();
        if (!c.TryRead(1, out SetValue? set, out Outcome outcome)) return outcome;
        if (set is null) return ElementScan.Empty(c);
        if (ElementScan.NeedsAuthority(c, cursor, set.Encoding != SetEncoding.Table)) return c.AtAuthority();
        if (!ElementScan.TryParse(c, cursor, out ElementScan scan)) return Outcome.Done;
        Func<ReadOnlyMemory<byte>, bool> matches = scan.Matcher;
        using var found = new RespWriter();
        int count = 0;
        ulong next = set.Scan(scan.Cursor, scan.Count, member =>
        {
            if (!matches(member)) return;
            found.Bulk(member.Span);
            count++;
        });
        return ElementScan.Write(c, next, found, count);
    }
}
