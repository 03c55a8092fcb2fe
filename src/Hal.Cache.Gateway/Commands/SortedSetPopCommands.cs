using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Blocking;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Sorted sets: members taken from either end, also waited for.</summary>
internal static class SortedSetPopCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("zpopmin", -2, CommandFlags.Write | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), c => Pop(c, false))
        {
            Group = "sorted-set", Since = "5.0.0", Complexity = "O(log(N)*M)",
            Summary = "Takes the members with the lowest scores.",
        },
        new("zpopmax", -2, CommandFlags.Write | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), c => Pop(c, true))
        {
            Group = "sorted-set", Since = "5.0.0", Complexity = "O(log(N)*M)",
            Summary = "Takes the members with the highest scores.",
        },
        new("bzpopmin", -3, CommandFlags.Write | CommandFlags.Blocking | CommandFlags.Fast,
            new(1, -2, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), c => BlockingPop(c, false))
        {
            Group = "sorted-set", Since = "5.0.0", Complexity = "O(log(N))",
            Summary = "Takes the member with the lowest score of the first set that has some, or waits for one.",
        },
        new("bzpopmax", -3, CommandFlags.Write | CommandFlags.Blocking | CommandFlags.Fast,
            new(1, -2, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), c => BlockingPop(c, true))
        {
            Group = "sorted-set", Since = "5.0.0", Complexity = "O(log(N))",
            Summary = "Takes the member with the highest score of the first set that has some, or waits for one.",
        },
        new("zmpop", -4, CommandFlags.Write | CommandFlags.MovableKeys,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete) { KeyNumber = 0 }, PopMany)
        {
            Group = "sorted-set", Since = "7.0.0", Complexity = "O(K)",
            Summary = "Takes members of the first set that has some.",
        },
        new("bzmpop", -5, CommandFlags.Write | CommandFlags.Blocking | CommandFlags.MovableKeys,
            new(2, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete) { KeyNumber = 0 }, BlockingPopMany)
        {
            Group = "sorted-set", Since = "7.0.0", Complexity = "O(K)",
            Summary = "Takes members of the first set that has some, or waits for it.",
        },
    ];

    private static Outcome Pop(CommandContext c, bool highest)
    {
        if (c.Count > 3) return c.Syntax();
        long count = 1;
        if (c.Count == 3 && !c.TryCount(2, out count)) return Outcome.Done;
        if (!c.TryChange(1, out SortedSetValue? set, out Outcome outcome)) return outcome;
        if (set is null || count == 0) return c.EmptyArray();
        int some = (int)Math.Min(count, set.Count);
        if (c.IsLong(some)) return Outcome.Async;
        bool nested = c.Count == 3 && c.Reply.Protocol == 3;
        c.Reply.ArrayHeader(nested ? some : some * 2);
        Take(c, 1, set, highest, some, nested);
        return Outcome.Done;
    }

    private static void Take(CommandContext c, int keyArg, SortedSetValue set, bool highest, int count, bool nested)
    {
        ScoredCursor items = set.Items(highest ? set.Count - 1 : 0, highest, stackalloc byte[Listpack.ScratchBytes]);
        for (int left = count; left > 0 && items.MoveNext(); left--)
        {
            if (nested) c.Reply.ArrayHeader(2);
            c.Reply.Bulk(items.Member);
            c.Reply.Double(items.Score);
        }

        set.RemoveRanks(highest ? set.Count - count : 0, count, c.Changes);
        c.Changed(highest ? "zpopmax" : "zpopmin", keyArg);
        c.Commit(keyArg, set);
    }

    private static Outcome BlockingPop(CommandContext c, bool highest)
    {
        if (!BlockTimeout.TryParse(c, c.Count - 1, out TimeSpan timeout)) return Outcome.Done;
        for (int arg = 1; arg < c.Count - 1; arg++)
        {
            if (!c.TryChange(arg, out SortedSetValue? set, out Outcome outcome)) return outcome;
            if (set is null) continue;
            c.Reply.ArrayHeader(3);
            c.Reply.Bulk(c.Arg(arg));
            Take(c, arg, set, highest, 1, nested: false);
            return Outcome.Done;
        }

        if (c.TryBlock(1, c.Count - 2, BlobType.SortedSet, timeout, out Outcome blocked)) return blocked;
        c.Reply.NullArray();
        return Outcome.Done;
    }

    private static Outcome PopMany(CommandContext c) => PopMany(c, 1, timeoutArg: 0);

    private static Outcome BlockingPopMany(CommandContext c) => PopMany(c, 2, timeoutArg: 1);

    private static Outcome PopMany(CommandContext c, int countArg, int timeoutArg)
    {
        if (!c.TryLong(countArg, out long keys, 1, long.MaxValue, "ERR numkeys should be greater than 0")) return Outcome.Done;
        long end = keys >= c.Count ? c.Count : countArg + keys + 1;
        if (end >= c.Count) return c.Syntax();
        bool highest = c.Is((int)end, "MAX"u8);
        if (!highest && !c.Is((int)end, "MIN"u8)) return c.Syntax();
        long count = 1;
        for (int arg = (int)end + 1; arg < c.Count; arg += 2)
        {
            if (arg > end + 1 || arg + 1 == c.Count || !c.Is(arg, "COUNT"u8)) return c.Syntax();
            if (!c.TryLong(arg + 1, out count, 1, long.MaxValue, "ERR count should be greater than 0")) return Outcome.Done;
        }

        // As in Redis the timeout is looked at last, though it comes first.
        TimeSpan timeout = default;
        if (timeoutArg > 0 && !BlockTimeout.TryParse(c, timeoutArg, out timeout)) return Outcome.Done;
        for (int arg = countArg + 1; arg < end; arg++)
        {
            if (!c.TryChange(arg, out SortedSetValue? set, out Outcome outcome)) return outcome;
            if (set is null) continue;
            int some = (int)Math.Min(count, set.Count);
            c.Reply.ArrayHeader(2);
            c.Reply.Bulk(c.Arg(arg));
            c.Reply.ArrayHeader(some);
            Take(c, arg, set, highest, some, nested: true);
            return Outcome.Done;
        }

        if (timeoutArg > 0 && c.TryBlock(countArg + 1, (int)end - 1, BlobType.SortedSet, timeout, out Outcome blocked)) return blocked;
        c.Reply.NullArray();
        return Outcome.Done;
    }
}
