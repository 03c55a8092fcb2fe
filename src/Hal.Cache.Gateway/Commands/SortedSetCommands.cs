using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Sorted sets: members and their scores.</summary>
internal static class SortedSetCommands
{
    [Flags]
    private enum Adding
    {
        None = 0,
        IfAbsent = 1,
        IfPresent = 2,
        IfGreater = 4,
        IfLess = 8,
        CountsChanges = 16,
        Increments = 32,
    }

    public static readonly CommandSpec[] Specs =
    [
        new("zadd", -4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Update), Add)
        {
            Group = "sorted-set", Since = "1.2.0", Complexity = "O(log(N))",
            Summary = "Adds members with scores, or changes scores.",
        },
        new("zincrby", 4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Update), IncrBy)
        {
            Group = "sorted-set", Since = "1.2.0", Complexity = "O(log(N))",
            Summary = "Adds to a member's score.",
        },
        new("zrem", -3, CommandFlags.Write | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Delete), Remove)
        {
            Group = "sorted-set", Since = "1.2.0", Complexity = "O(M*log(N))",
            Summary = "Removes members; the set goes with its last one.",
        },
        new("zscore", 3, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Score)
        {
            Group = "sorted-set", Since = "1.2.0", Complexity = "O(1)",
            Summary = "Gives a member's score.",
        },
        new("zmscore", -3, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Scores)
        {
            Group = "sorted-set", Since = "6.2.0", Complexity = "O(N)",
            Summary = "Gives the scores of several members.",
        },
        new("zcard", 2, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO), Card)
        {
            Group = "sorted-set", Since = "1.2.0", Complexity = "O(1)",
            Summary = "Counts the members.",
        },
        new("zrank", -3, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => Rank(c, false))
        {
            Group = "sorted-set", Since = "2.0.0", Complexity = "O(log(N))",
            Summary = "Tells a member's place from the lowest score on.",
        },
        new("zrevrank", -3, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => Rank(c, true))
        {
            Group = "sorted-set", Since = "2.0.0", Complexity = "O(log(N))",
            Summary = "Tells a member's place from the highest score on.",
        },
        new("zrandmember", -2, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), RandMember)
        {
            Group = "sorted-set", Since = "6.2.0", Complexity = "O(N)",
            Summary = "Gives members by chance.",
        },
        new("zscan", -3, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Scan)
        {
            Group = "sorted-set", Since = "2.8.0", Complexity = "O(1)",
            Summary = "Gives some members with their scores, and where to go on.",
        },
    ];

    private static Outcome Add(CommandContext c)
    {
        Adding flags = Adding.None;
        int arg = 2;
        for (; arg < c.Count && FlagOf(c.Arg(arg)) is var flag && flag != Adding.None; arg++) flags |= flag;
        return Add(c, arg, flags);
    }

    // An option of ZADD is one here as well, as in Redis, and then leaves no pair of score and member.
    private static Outcome IncrBy(CommandContext c) => FlagOf(c.Arg(2)) == Adding.None ? Add(c, 2, Adding.Increments) : c.Syntax();

    private static Adding FlagOf(ReadOnlySpan<byte> word)
    {
        if (System.Text.Ascii.EqualsIgnoreCase(word, "NX"u8)) return Adding.IfAbsent;
        if (System.Text.Ascii.EqualsIgnoreCase(word, "XX"u8)) return Adding.IfPresent;
        if (System.Text.Ascii.EqualsIgnoreCase(word, "GT"u8)) return Adding.IfGreater;
        if (System.Text.Ascii.EqualsIgnoreCase(word, "LT"u8)) return Adding.IfLess;
        if (System.Text.Ascii.EqualsIgnoreCase(word, "CH"u8)) return Adding.CountsChanges;
        return System.Text.Ascii.EqualsIgnoreCase(word, "INCR"u8) ? Adding.Increments : Adding.None;
    }

    private static Outcome Add(CommandContext c, int first, Adding flags)
    {
        int left = c.Count - first;
        if (left == 0 || (left & 1) != 0) return c.Syntax();
        bool absent = (flags & Adding.IfAbsent) != 0, present = (flags & Adding.IfPresent) != 0;
        bool greater = (flags & Adding.IfGreater) != 0, less = (flags & Adding.IfLess) != 0, increments = (flags & Adding.Increments) != 0;
        if (absent && present) return c.Error("ERR XX and NX options at the same time are not compatible"u8);
        if ((greater && less) || (absent && (greater || less)))
            return c.Error("ERR GT, LT, and/or NX options at the same time are not compatible"u8);
        if (increments && left > 2) return c.Error("ERR INCR option supports a single increment-element pair"u8);
        for (int arg = first; arg < c.Count; arg += 2)
        {
            if (!RedisDouble.TryParse(c.Arg(arg), out _)) return c.Error(RespErrors.NotFloat);
        }

        if (!c.TryChange(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        if (set is null && present) return increments ? c.Null() : c.Integer(0);
        bool isNew = set is null;
        set ??= NewSet(c, first);
        int added = 0, updated = 0;
        double? result = null;
        for (int arg = first; arg < c.Count; arg += 2)
        {
            if (!RedisDouble.TryParse(c.Arg(arg), out double score)) return c.Error(RespErrors.NotFloat); // checked above
            ReadOnlySpan<byte> member = c.Arg(arg + 1);
            if (set.TryGetScore(member, out double held))
            {
                if (absent) continue;
                if (increments) score += held;
                if (double.IsNaN(score)) return c.Error("ERR resulting score is not a number (NaN)"u8);
                if ((less && score >= held) || (greater && score <= held)) continue;
                result = score;
                if (score == held) continue;
                set.Set(member, score, c.Changes);
                updated++;
            }
            else if (!present)
            {
                set.Set(member, score, c.Changes);
                result = score;
                added++;
            }
        }

        if (!set.IsEmpty && !c.TryCommit(1, set, isNew)) return Outcome.Retry;
        if (added + updated > 0) c.Changed(increments ? "zincr" : "zadd", 1);
        if (!increments) return c.Integer((flags & Adding.CountsChanges) != 0 ? added + updated : added);
        if (result is { } sum) c.Reply.Double(sum);
        else c.Reply.Null();
        return Outcome.Done;
    }

    // Redis chooses by the first member only.
    private static SortedSetValue NewSet(CommandContext c, int first)
    {
        var set = new SortedSetValue(c.Keyspace.Collections);
        CollectionLimits limits = c.Keyspace.Collections;
        if (limits.SortedSetEntriesMax == 0 || c.ArgLength(first + 1) > limits.SortedSetValueBytesMax) set.Expand();
        return set;
    }

    private static Outcome Remove(CommandContext c)
    {
        if (!c.TryChange(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        if (set is null) return c.Integer(0);
        int removed = 0;
        for (int arg = 2; arg < c.Count && !set.IsEmpty; arg++)
        {
            if (set.Remove(c.Arg(arg), c.Changes)) removed++;
        }

        if (removed > 0) c.Changed("zrem", 1);
        c.Commit(1, set);
        return c.Integer(removed);
    }

    private static Outcome Score(CommandContext c)
    {
        if (!c.TryRead(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        WriteScore(c, set, 2);
        return Outcome.Done;
    }

    private static Outcome Scores(CommandContext c)
    {
        if (!c.TryRead(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        c.Reply.ArrayHeader(c.Count - 2);
        for (int arg = 2; arg < c.Count; arg++) WriteScore(c, set, arg);
        return Outcome.Done;
    }

    private static void WriteScore(CommandContext c, SortedSetValue? set, int arg)
    {
        if (set is not null && set.TryGetScore(c.Arg(arg), out double score)) c.Reply.Double(score);
        else c.Reply.Null();
    }

    private static Outcome Card(CommandContext c) =>
        c.TryRead(1, out SortedSetValue? set, out Outcome outcome) ? c.Integer(set?.Count ?? 0) : outcome;

    private static Outcome Rank(CommandContext c, bool backward)
    {
        if (c.Count > 4) return c.WrongArity();
        bool withScore = c.Count == 4;
        if (withScore && !c.Is(3, "WITHSCORE"u8)) return c.Syntax();
        if (!c.TryRead(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        double score = 0;
        int rank = set?.RankOf(c.Arg(2), out score) ?? -1;
        if (rank < 0)
        {
            if (withScore) c.Reply.NullArray();
            else c.Reply.Null();
            return Outcome.Done;
        }

        if (withScore) c.Reply.ArrayHeader(2);
        c.Reply.Integer(backward ? set!.Count - 1 - rank : rank);
        if (withScore) c.Reply.Double(score);
        return Outcome.Done;
    }

    private static Outcome RandMember(CommandContext c)
    {
        long count = 1;
        bool withScores = c.Count == 4;
        if (c.Count >= 3)
        {
            if (!c.TryLong(2, out count, -long.MaxValue)) return Outcome.Done;
            if (c.Count > 4 || (withScores && !c.Is(3, "WITHSCORES"u8))) return c.Syntax();
            if (withScores && count is < -long.MaxValue / 2 or > long.MaxValue / 2) return c.Error("ERR value is out of range"u8);
            if (count < -CollectionReplyLimits.RandomElementsMax) return c.Error("ERR value is out of range"u8);
        }

        if (!c.TryRead(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        if (set is null) return c.Count == 2 ? c.Null() : c.EmptyArray();
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        if (c.Count == 2)
        {
            c.Reply.Bulk(set.Random(Random.Shared, scratch, out _));
            return Outcome.Done;
        }

        long items = count < 0 ? -count : Math.Min(count, set.Count);
        if (c.IsLong(items)) return Outcome.Async;
        c.MembersHeader((int)items, withScores);
        if (count < 0)
        {
            for (; items > 0; items--)
            {
                ReadOnlySpan<byte> member = set.Random(Random.Shared, scratch, out double score);
                c.Member(member, score, withScores);
            }

            return Outcome.Done;
        }

        var chosen = new ChosenIndexes(set.Count, (int)items, Random.Shared);
        ScoredCursor all = set.Items(0, false, scratch);
        while (items > 0 && all.MoveNext())
        {
            if (!chosen.Take()) continue;
            c.Member(all.Member, all.Score, withScores);
            items--;
        }

        return Outcome.Done;
    }

    private static Outcome Scan(CommandContext c)
    {
        if (!ElementScan.TryCursor(c, 2, out ulong cursor)) return Outcome.Done;
        if (ElementScan.NeedsAuthority(c, cursor, isCompact: true)) return c.AtAuthority();
        if (!c.TryRead(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        if (set is null) return ElementScan.Empty(c);
        if (ElementScan.NeedsAuthority(c, cursor, set.IsCompact)) return c.AtAuthority();
        if (!ElementScan.TryParse(c, cursor, out ElementScan scan)) return Outcome.Done;
        Func<ReadOnlyMemory<byte>, bool> matches = scan.Matcher;
        using var found = new RespWriter();
        int count = 0;
        ulong next = set.Scan(scan.Cursor, scan.Count, (member, score) =>
        {
            if (!matches(member)) return;
            found.Bulk(member.Span);
            found.TextDouble(score);
            count += 2;
        });
        return ElementScan.Write(c, next, found, count);
    }
}
