using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Commands;

/// <summary>
/// Sets combined. The sets' shards are locked while it is done; work over many elements is not done on a thread that polls sockets.
/// </summary>
internal static class SetCombineCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("sinter", -2, CommandFlags.ReadOnly,
            new(1, -1, Flags: KeyFlags.RO | KeyFlags.Access), c => Inter(c, 1))
        {
            Group = "set", Since = "1.0.0", Complexity = "O(N*M)",
            Summary = "Gives the members that all sets have.",
        },
        new("sinterstore", -3, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.RW | KeyFlags.Update), InterStore)
        {
            Group = "set", Since = "1.0.0", Complexity = "O(N*M)",
            Summary = "Keeps the members that all sets have.",
            MoreKeys = [new(2, -1, Flags: KeyFlags.RO | KeyFlags.Access)],
        },
        new("sintercard", -3, CommandFlags.ReadOnly | CommandFlags.MovableKeys,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access) { KeyNumber = 0 }, InterCard)
        {
            Group = "set", Since = "7.0.0", Complexity = "O(N*M)",
            Summary = "Counts the members that all sets have, up to a limit.",
        },
        new("sunion", -2, CommandFlags.ReadOnly,
            new(1, -1, Flags: KeyFlags.RO | KeyFlags.Access), c => Union(c, 1))
        {
            Group = "set", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Gives the members that any set has.",
        },
        new("sunionstore", -3, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.OW | KeyFlags.Update), UnionStore)
        {
            Group = "set", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Keeps the members that any set has.",
            MoreKeys = [new(2, -1, Flags: KeyFlags.RO | KeyFlags.Access)],
        },
        new("sdiff", -2, CommandFlags.ReadOnly,
            new(1, -1, Flags: KeyFlags.RO | KeyFlags.Access), c => Diff(c, 1))
        {
            Group = "set", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Gives the members of the first set that no other has.",
        },
        new("sdiffstore", -3, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.OW | KeyFlags.Update), DiffStore)
        {
            Group = "set", Since = "1.0.0", Complexity = "O(N)",
            Summary = "Keeps the members of the first set that no other has.",
            MoreKeys = [new(2, -1, Flags: KeyFlags.RO | KeyFlags.Access)],
        },
    ];

    private static Outcome Inter(CommandContext c, int firstKey) => Combine(c, firstKey, Intersection, out SetValue? result, out Outcome outcome) ? Write(c, result) : outcome;

    private static Outcome InterStore(CommandContext c) => Store(c, Intersection, "sinterstore");

    private static Outcome Union(CommandContext c, int firstKey) => Combine(c, firstKey, UnionOf, out SetValue? result, out Outcome outcome) ? Write(c, result) : outcome;

    private static Outcome UnionStore(CommandContext c) => Store(c, UnionOf, "sunionstore");

    private static Outcome Diff(CommandContext c, int firstKey) => Combine(c, firstKey, Difference, out SetValue? result, out Outcome outcome) ? Write(c, result) : outcome;

    private static Outcome DiffStore(CommandContext c) => Store(c, Difference, "sdiffstore");

    private static Outcome InterCard(CommandContext c)
    {
        if (!c.TryLong(1, out long keys, 1, long.MaxValue, "ERR numkeys should be greater than 0")) return Outcome.Done;
        if (keys > c.Count - 2) return c.Error("ERR Number of keys can't be greater than number of args"u8);
        long limit = 0;
        for (int arg = 2 + (int)keys; arg < c.Count; arg += 2)
        {
            if (arg + 1 == c.Count || !c.Is(arg, "LIMIT"u8)) return c.Syntax();
            if (!c.TryLong(arg + 1, out limit, 0, long.MaxValue, "ERR LIMIT can't be negative")) return Outcome.Done;
        }

        if (!TryReadAll(c, 2, 1 + (int)keys, out SetValue?[] sets, out Outcome outcome)) return outcome;
        long count = 0;
        Intersect(sets, _ => ++count != limit);
        return c.Integer(count);
    }

    private static bool Combine(CommandContext c, int firstKey, Func<CommandContext, SetValue?[], SetValue> combine, out SetValue? result, out Outcome outcome)
    {
        result = null;
        if (!TryReadAll(c, firstKey, c.Count - 1, out SetValue?[] sets, out outcome)) return false;
        result = combine(c, sets);
        return true;
    }

    private static Outcome Write(CommandContext c, SetValue? result)
    {
        SetCommands.WriteAll(c, result);
        return Outcome.Done;
    }

    private static Outcome Store(CommandContext c, Func<CommandContext, SetValue?[], SetValue> combine, string keyspaceEvent)
    {
        if (!Combine(c, 2, combine, out SetValue? result, out Outcome outcome)) return outcome;
        return c.Replace(1, result!, result!.Count, keyspaceEvent);
    }

    private static bool TryReadAll(CommandContext c, int firstKey, int lastKey, out SetValue?[] sets, out Outcome outcome)
    {
        sets = new SetValue?[lastKey - firstKey + 1];
        outcome = default;
        long elements = 0;
        for (int i = 0; i < sets.Length; i++)
        {
            if (!c.TryRead(firstKey + i, out sets[i], out outcome)) return false;
            elements += sets[i]?.Count ?? 0;
        }

        outcome = Outcome.Async;
        return !c.IsLong(elements);
    }

    private static SetValue Intersection(CommandContext c, SetValue?[] sets)
    {
        var result = new SetValue(c.Keyspace.Collections);
        Intersect(sets, member => result.Add(member, null) || true);
        return result;
    }

    // Goes through the smallest set, until it is told to stop.
    private static void Intersect(SetValue?[] sets, Func<byte[], bool> visit)
    {
        if (Array.Exists(sets, set => set is null)) return;
        SetValue[] sorted = [.. sets.OrderBy(set => set!.Count)!];
        SetValue.MemberCursor members = sorted[0].Members(stackalloc byte[Listpack.ScratchBytes]);
        while (members.MoveNext())
        {
            int at = 1;
            while (at < sorted.Length && sorted[at].Contains(members.Current)) at++;
            if (at == sorted.Length && !visit(members.Current.ToArray())) return;
        }
    }

    private static SetValue UnionOf(CommandContext c, SetValue?[] sets)
    {
        var result = new SetValue(c.Keyspace.Collections);
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        foreach (SetValue? set in sets)
        {
            if (set is null) continue;
            SetValue.MemberCursor members = set.Members(scratch);
            while (members.MoveNext()) result.Add(members.Current, null);
        }

        return result;
    }

    private static SetValue Difference(CommandContext c, SetValue?[] sets)
    {
        var result = new SetValue(c.Keyspace.Collections);
        if (sets[0] is null) return result;
        SetValue.MemberCursor members = sets[0]!.Members(stackalloc byte[Listpack.ScratchBytes]);
        while (members.MoveNext())
        {
            int at = 1;
            while (at < sets.Length && sets[at]?.Contains(members.Current) != true) at++;
            if (at == sets.Length) result.Add(members.Current, null);
        }

        return result;
    }
}
