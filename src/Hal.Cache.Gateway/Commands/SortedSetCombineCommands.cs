using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>
/// Sorted sets, and sets, combined. The sets' shards are locked while it is done; work over many elements is not done on a thread that polls sockets.
/// </summary>
internal static class SortedSetCombineCommands
{
    private enum Kind
    {
        Union,
        Inter,
        Diff,
    }

    public static readonly CommandSpec[] Specs =
    [
        new("zunion", -3, CommandFlags.ReadOnly | CommandFlags.MovableKeys,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access) { KeyNumber = 0 }, Union)
        {
            Group = "sorted-set", Since = "6.2.0", Complexity = "O(N)+O(M*log(M))",
            Summary = "Gives the members of all sets with combined scores.",
        },
        new("zunionstore", -4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.MovableKeys,
            new(1, Flags: KeyFlags.OW | KeyFlags.Update), UnionStore)
        {
            Group = "sorted-set", Since = "2.0.0", Complexity = "O(N)+O(M log(M))",
            Summary = "Keeps the members of all sets with combined scores.",
            MoreKeys = [new(2, Flags: KeyFlags.RO | KeyFlags.Access) { KeyNumber = 0 }],
        },
        new("zinter", -3, CommandFlags.ReadOnly | CommandFlags.MovableKeys,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access) { KeyNumber = 0 }, Inter)
        {
            Group = "sorted-set", Since = "6.2.0", Complexity = "O(N*K)+O(M*log(M))",
            Summary = "Gives the members that all sets have, with combined scores.",
        },
        new("zinterstore", -4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.MovableKeys,
            new(1, Flags: KeyFlags.OW | KeyFlags.Update), InterStore)
        {
            Group = "sorted-set", Since = "2.0.0", Complexity = "O(N*K)+O(M*log(M))",
            Summary = "Keeps the members that all sets have, with combined scores.",
            MoreKeys = [new(2, Flags: KeyFlags.RO | KeyFlags.Access) { KeyNumber = 0 }],
        },
        new("zintercard", -3, CommandFlags.ReadOnly | CommandFlags.MovableKeys,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access) { KeyNumber = 0 }, InterCard)
        {
            Group = "sorted-set", Since = "7.0.0", Complexity = "O(N*K)",
            Summary = "Counts the members that all sets have, up to a limit.",
        },
        new("zdiff", -3, CommandFlags.ReadOnly | CommandFlags.MovableKeys,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access) { KeyNumber = 0 }, Diff)
        {
            Group = "sorted-set", Since = "6.2.0", Complexity = "O(L + (N-K)log(N))",
            Summary = "Gives the members of the first set that no other has.",
        },
        new("zdiffstore", -4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.MovableKeys,
            new(1, Flags: KeyFlags.OW | KeyFlags.Update), DiffStore)
        {
            Group = "sorted-set", Since = "6.2.0", Complexity = "O(L + (N-K)log(N))",
            Summary = "Keeps the members of the first set that no other has.",
            MoreKeys = [new(2, Flags: KeyFlags.RO | KeyFlags.Access) { KeyNumber = 0 }],
        },
    ];

    private static Outcome Union(CommandContext c) => Run(c, Kind.Union, 1, 0, null, false);

    private static Outcome UnionStore(CommandContext c) => Run(c, Kind.Union, 2, 1, "zunionstore", false);

    private static Outcome Inter(CommandContext c) => Run(c, Kind.Inter, 1, 0, null, false);

    private static Outcome InterStore(CommandContext c) => Run(c, Kind.Inter, 2, 1, "zinterstore", false);

    private static Outcome InterCard(CommandContext c) => Run(c, Kind.Inter, 1, 0, null, true);

    private static Outcome Diff(CommandContext c) => Run(c, Kind.Diff, 1, 0, null, false);

    private static Outcome DiffStore(CommandContext c) => Run(c, Kind.Diff, 2, 1, "zdiffstore", false);

    private static Outcome Run(CommandContext c, Kind kind, int countArg, int target, string? keyspaceEvent, bool counts)
    {
        if (!c.TryLong(countArg, out long keys)) return Outcome.Done;
        if (keys < 1) return c.Error($"ERR at least 1 input key is needed for '{c.Spec.FullName}' command");
        if (keys > c.Count - countArg - 1) return c.Syntax();
        var sources = new ScoreSource[(int)keys];
        for (int i = 0; i < sources.Length; i++)
        {
            if (!TrySource(c, countArg + 1 + i, out sources[i]!, out Outcome outcome)) return outcome;
        }

        if (!TryOptions(c, countArg + 1 + sources.Length, kind, sources, target != 0, counts, out ScoreAggregate aggregate, out bool withScores, out long limit))
            return Outcome.Done;
        if (c.IsLong(sources.Sum(source => (long)source.Count))) return Outcome.Async;
        if (kind != Kind.Diff) sources = [.. sources.OrderBy(source => source.Count)];
        if (counts) return c.Integer(CountInter(sources, limit));

        SortedSetValue result = kind switch
        {
            Kind.Union => UnionOf(c, sources, aggregate),
            Kind.Inter => InterOf(c, sources, aggregate),
            _ => DiffOf(c, sources),
        };
        if (target != 0)
        {
            result.TryCompact();
            return c.Replace(target, result, result.Count, keyspaceEvent!);
        }

        c.Members(result, 0, result.Count, false, withScores);
        return Outcome.Done;
    }

    private static bool TrySource(CommandContext c, int arg, out ScoreSource? source, out Outcome outcome)
    {
        source = null;
        outcome = Outcome.Retry;
        if (!c.TryFind(arg, Need.Value, out EntryRef entry)) return false;
        object? value = entry.IsNone || !entry.IsObject ? null : c.Store.Object(entry);
        if (!entry.IsNone && value is not (SortedSetValue or SetValue))
        {
            outcome = c.WrongType();
            return false;
        }

        source = new ScoreSource(value as SortedSetValue, value as SetValue);
        return true;
    }

    private static bool TryOptions(
        CommandContext c, int arg, Kind kind, ScoreSource[] sources, bool stores, bool counts, out ScoreAggregate aggregate, out bool withScores, out long limit)
    {
        (aggregate, withScores, limit) = (ScoreAggregate.Sum, false, 0);
        bool combines = kind != Kind.Diff && !counts;
        for (; arg < c.Count; arg++)
        {
            int left = c.Count - arg;
            if (combines && left > sources.Length && c.Is(arg, "WEIGHTS"u8))
            {
                foreach (ScoreSource source in sources)
                {
                    if (!RedisDouble.TryParse(c.Arg(++arg), out double weight))
                    {
                        c.Error("ERR weight value is not a float"u8);
                        return false;
                    }

                    source.Weight = weight;
                }
            }
            else if (combines && left >= 2 && c.Is(arg, "AGGREGATE"u8))
            {
                arg++;
                if (c.Is(arg, "SUM"u8)) aggregate = ScoreAggregate.Sum;
                else if (c.Is(arg, "MIN"u8)) aggregate = ScoreAggregate.Min;
                else if (c.Is(arg, "MAX"u8)) aggregate = ScoreAggregate.Max;
                else return Refuse(c);
            }
            else if (!stores && !counts && c.Is(arg, "WITHSCORES"u8))
            {
                withScores = true;
            }
            else if (counts && left >= 2 && c.Is(arg, "LIMIT"u8))
            {
                if (!c.TryLong(++arg, out limit, 0, long.MaxValue, "ERR LIMIT can't be negative")) return false;
            }
            else
            {
                return Refuse(c);
            }
        }

        return true;
    }

    private static bool Refuse(CommandContext c)
    {
        c.Syntax();
        return false;
    }

    private static SortedSetValue UnionOf(CommandContext c, ScoreSource[] sources, ScoreAggregate aggregate)
    {
        SortedSetValue result = Result(c);
        foreach (ScoreSource source in sources)
        {
            source.Each((member, score) =>
            {
                double value = source.Weighted(score);
                if (result.TryGetScore(member, out double held)) value = Combine(aggregate, held, value);
                result.Set(member, value, null);
                return true;
            });
        }

        return result;
    }

    private static SortedSetValue InterOf(CommandContext c, ScoreSource[] sources, ScoreAggregate aggregate)
    {
        SortedSetValue result = Result(c);
        sources[0].Each((member, score) =>
        {
            double value = sources[0].Weighted(score);
            for (int i = 1; i < sources.Length; i++)
            {
                if (!sources[i].TryGet(member, out double other)) return true;
                value = Combine(aggregate, value, other * sources[i].Weight); // infinity times 0 makes the sum 0, as in Redis
            }

            result.Set(member, value, null);
            return true;
        });
        return result;
    }

    private static SortedSetValue DiffOf(CommandContext c, ScoreSource[] sources)
    {
        SortedSetValue result = Result(c);
        sources[0].Each((member, score) =>
        {
            for (int i = 1; i < sources.Length; i++)
            {
                if (sources[i].TryGet(member, out _)) return true;
            }

            result.Set(member, score, null);
            return true;
        });
        return result;
    }

    private static long CountInter(ScoreSource[] sources, long limit)
    {
        long count = 0;
        sources[0].Each((member, _) =>
        {
            for (int i = 1; i < sources.Length; i++)
            {
                if (!sources[i].TryGet(member, out double _)) return true;
            }

            return ++count != limit;
        });
        return count;
    }

    private static SortedSetValue Result(CommandContext c)
    {
        var result = new SortedSetValue(c.Keyspace.Collections);
        result.Expand(); // it becomes compact at its end, where it is small
        return result;
    }

    private static double Combine(ScoreAggregate aggregate, double held, double value) => aggregate switch
    {
        ScoreAggregate.Sum => double.IsNaN(held + value) ? 0 : held + value,
        ScoreAggregate.Min => value < held ? value : held,
        _ => value > held ? value : held,
    };
}
