using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Sorted sets: ranges by rank, score and string.</summary>
internal static class SortedSetRangeCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("zcount", 4, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Count)
        {
            Group = "sorted-set", Since = "2.0.0", Complexity = "O(log(N))",
            Summary = "Counts the members between two scores.",
        },
        new("zlexcount", 4, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), LexCount)
        {
            Group = "sorted-set", Since = "2.8.9", Complexity = "O(log(N))",
            Summary = "Counts the members between two strings.",
        },
        new("zrange", -4, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Range)
        {
            Group = "sorted-set", Since = "1.2.0", Complexity = "O(log(N)+M)",
            Summary = "Gives members between two ranks, scores or strings.",
        },
        new("zrangestore", -5, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.OW | KeyFlags.Update), RangeStore)
        {
            Group = "sorted-set", Since = "6.2.0", Complexity = "O(log(N)+M)",
            Summary = "Keeps members between two ranks, scores or strings.",
            MoreKeys = [new(2, Flags: KeyFlags.RO | KeyFlags.Access)],
        },
        new("zrangebyscore", -4, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => ByScore(c, false))
        {
            Group = "sorted-set", Since = "1.0.5", Complexity = "O(log(N)+M)",
            Summary = "Gives the members between two scores.",
        },
        new("zrevrangebyscore", -4, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => ByScore(c, true))
        {
            Group = "sorted-set", Since = "2.2.0", Complexity = "O(log(N)+M)",
            Summary = "Gives the members between two scores, highest first.",
        },
        new("zrangebylex", -4, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => ByLex(c, false))
        {
            Group = "sorted-set", Since = "2.8.9", Complexity = "O(log(N)+M)",
            Summary = "Gives the members between two strings.",
        },
        new("zrevrangebylex", -4, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => ByLex(c, true))
        {
            Group = "sorted-set", Since = "2.8.9", Complexity = "O(log(N)+M)",
            Summary = "Gives the members between two strings, last first.",
        },
        new("zrevrange", -4, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), RevRange)
        {
            Group = "sorted-set", Since = "1.2.0", Complexity = "O(log(N)+M)",
            Summary = "Gives members between two ranks, highest first.",
        },
        new("zremrangebyrank", 4, CommandFlags.Write,
            new(1, Flags: KeyFlags.RW | KeyFlags.Delete), c => RemoveRange(c, RangeKind.Rank))
        {
            Group = "sorted-set", Since = "2.0.0", Complexity = "O(log(N)+M)",
            Summary = "Removes the members between two ranks.",
        },
        new("zremrangebyscore", 4, CommandFlags.Write,
            new(1, Flags: KeyFlags.RW | KeyFlags.Delete), c => RemoveRange(c, RangeKind.Score))
        {
            Group = "sorted-set", Since = "1.2.0", Complexity = "O(log(N)+M)",
            Summary = "Removes the members between two scores.",
        },
        new("zremrangebylex", 4, CommandFlags.Write,
            new(1, Flags: KeyFlags.RW | KeyFlags.Delete), c => RemoveRange(c, RangeKind.Lex))
        {
            Group = "sorted-set", Since = "2.8.9", Complexity = "O(log(N)+M)",
            Summary = "Removes the members between two strings.",
        },
    ];

    private static Outcome Range(CommandContext c) => Range(c, 1, 0, null, null);

    private static Outcome RangeStore(CommandContext c) => Range(c, 2, 1, null, null);

    private static Outcome RevRange(CommandContext c) => Range(c, 1, 0, RangeKind.Rank, true);

    private static Outcome ByScore(CommandContext c, bool backward) => Range(c, 1, 0, RangeKind.Score, backward);

    private static Outcome ByLex(CommandContext c, bool backward) => Range(c, 1, 0, RangeKind.Lex, backward);

    // A target of 0 is none; kind and direction are null where the options give them.
    private static Outcome Range(CommandContext c, int source, int target, RangeKind? kind, bool? direction)
    {
        bool withScores = false, mayChooseKind = kind is null, mayReverse = direction is null, hasLimit = false;
        long offset = 0, limit = -1;
        for (int arg = source + 3; arg < c.Count; arg++)
        {
            if (target == 0 && c.Is(arg, "WITHSCORES"u8))
            {
                withScores = true;
            }
            else if (arg + 2 < c.Count && c.Is(arg, "LIMIT"u8))
            {
                if (!c.TryLong(arg + 1, out offset) || !c.TryLong(arg + 2, out limit)) return Outcome.Done;
                hasLimit = limit != -1;
                arg += 2;
            }
            else if (mayReverse && direction is null && c.Is(arg, "REV"u8))
            {
                direction = true;
            }
            else if (mayChooseKind && kind is null && (c.Is(arg, "BYLEX"u8) || c.Is(arg, "BYSCORE"u8)))
            {
                kind = c.Is(arg, "BYLEX"u8) ? RangeKind.Lex : RangeKind.Score;
            }
            else
            {
                return c.Syntax();
            }
        }

        RangeKind by = kind ?? RangeKind.Rank;
        bool backward = direction == true;
        if (hasLimit && by == RangeKind.Rank)
            return c.Error("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"u8);
        if (withScores && by == RangeKind.Lex) return c.Error("ERR syntax error, WITHSCORES not supported in combination with BYLEX"u8);
        int min = source + 1, max = source + 2;
        if (backward && by != RangeKind.Rank) (min, max) = (max, min);
        if (!CheckEnds(c, by, min, max)) return Outcome.Done;
        if (!c.TryRead(source, out SortedSetValue? set, out Outcome outcome)) return outcome;
        (int from, int to) = set is null ? (0, 0) : Ranks(c, set, by, min, max, backward);
        if (by == RangeKind.Rank) (offset, limit) = (0, -1); // a limit of -1 is let pass, whatever its offset
        int count = Limited(to - from, offset, limit);
        int skipped = offset < 0 ? 0 : (int)Math.Min(offset, to - from);
        if (c.IsLong(count)) return Outcome.Async;
        int rank = backward ? to - 1 - skipped : from + skipped;
        if (target != 0) return Store(c, target, set, rank, count, backward);
        if (set is null) return c.EmptyArray();
        c.Members(set, rank, count, backward, withScores);
        return Outcome.Done;
    }

    private static int Limited(int found, long offset, long limit)
    {
        if (offset < 0 || offset >= found) return 0;
        long left = found - offset;
        return (int)(limit < 0 ? left : Math.Min(left, limit));
    }

    private static Outcome Store(CommandContext c, int target, SortedSetValue? set, int rank, int count, bool backward)
    {
        var result = new SortedSetValue(c.Keyspace.Collections);
        if (set is not null && count > 0)
        {
            ScoredCursor items = set.Items(rank, backward, stackalloc byte[Listpack.ScratchBytes]);
            for (int left = count; left > 0 && items.MoveNext(); left--) result.Set(items.Member, items.Score, null);
        }

        return c.Replace(target, result, count, "zrangestore");
    }

    // Errors come before the key is looked for.
    private static bool CheckEnds(CommandContext c, RangeKind by, int min, int max)
    {
        switch (by)
        {
            case RangeKind.Rank:
                return c.TryLong(min, out _) && c.TryLong(max, out _);
            case RangeKind.Score:
                if (ScoreRange.TryParse(c.Arg(min), c.Arg(max), out _)) return true;
                c.Error("ERR min or max is not a float"u8);
                return false;
            default:
                if (LexRange.TryParse(c.Arg(min), c.Arg(max), out _)) return true;
                c.Error("ERR min or max not valid string range item"u8);
                return false;
        }
    }

    // The first rank and the one behind the last; the ends were checked.
    private static (int From, int To) Ranks(CommandContext c, SortedSetValue set, RangeKind by, int min, int max, bool backward)
    {
        if (by == RangeKind.Score)
        {
            ScoreRange.TryParse(c.Arg(min), c.Arg(max), out ScoreRange range);
            (int from, int to) = range.Ranks(set);
            return (from, Math.Max(from, to));
        }

        if (by == RangeKind.Lex)
        {
            LexRange.TryParse(c.Arg(min), c.Arg(max), out LexRange range);
            return range.Ranks(set);
        }

        c.TryLong(min, out long start);
        c.TryLong(max, out long end);
        if (!IndexRange.TryClamp(ref start, ref end, set.Count)) return (0, 0);
        return backward ? (set.Count - 1 - (int)end, set.Count - (int)start) : ((int)start, (int)end + 1);
    }

    private static Outcome Count(CommandContext c) => Count(c, RangeKind.Score);

    private static Outcome LexCount(CommandContext c) => Count(c, RangeKind.Lex);

    private static Outcome Count(CommandContext c, RangeKind by)
    {
        if (!CheckEnds(c, by, 2, 3)) return Outcome.Done;
        if (!c.TryRead(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        if (set is null) return c.Integer(0);
        (int from, int to) = Ranks(c, set, by, 2, 3, false);
        return c.Integer(to - from);
    }

    private static Outcome RemoveRange(CommandContext c, RangeKind by)
    {
        if (!CheckEnds(c, by, 2, 3)) return Outcome.Done;
        if (!c.TryChange(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        if (set is null) return c.Integer(0);
        (int from, int to) = Ranks(c, set, by, 2, 3, false);
        if (c.IsLong(to - from)) return Outcome.Async;
        set.RemoveRanks(from, to - from, c.Changes);
        if (to > from) c.Changed(by switch { RangeKind.Rank => "zremrangebyrank", RangeKind.Score => "zremrangebyscore", _ => "zremrangebylex" }, 1);
        c.Commit(1, set);
        return c.Integer(to - from);
    }
}
