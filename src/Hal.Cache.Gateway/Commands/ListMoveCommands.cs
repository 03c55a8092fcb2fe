using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Blocking;
using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Lists: moves between them, pops from the first of several, and waiting for elements.</summary>
internal static class ListMoveCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("lmove", 5, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), Move)
        {
            Group = "list", Since = "6.2.0", Complexity = "O(1)",
            Summary = "Takes an element off one list and puts it on another.",
            MoreKeys = [new(2, Flags: KeyFlags.RW | KeyFlags.Insert)],
        },
        new("rpoplpush", 3, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), RPopLPush)
        {
            Group = "list", Since = "1.2.0", Complexity = "O(1)",
            Summary = "Takes an element off a tail and puts it before a head.",
            MoreKeys = [new(2, Flags: KeyFlags.RW | KeyFlags.Insert)],
        },
        new("lmpop", -4, CommandFlags.Write | CommandFlags.MovableKeys,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete) { KeyNumber = 0 }, PopMany)
        {
            Group = "list", Since = "7.0.0", Complexity = "O(N+M)",
            Summary = "Takes elements off the first list that has some.",
        },
        new("blpop", -3, CommandFlags.Write | CommandFlags.Blocking,
            new(1, -2, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), c => BlockingPop(c, true))
        {
            Group = "list", Since = "2.0.0", Complexity = "O(N)",
            Summary = "Takes an element off the first head there is, or waits for one.",
        },
        new("brpop", -3, CommandFlags.Write | CommandFlags.Blocking,
            new(1, -2, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), c => BlockingPop(c, false))
        {
            Group = "list", Since = "2.0.0", Complexity = "O(N)",
            Summary = "Takes an element off the first tail there is, or waits for one.",
        },
        new("blmove", 6, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Blocking,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), BlockingMove)
        {
            Group = "list", Since = "6.2.0", Complexity = "O(1)",
            Summary = "Moves an element between lists, or waits for one.",
            MoreKeys = [new(2, Flags: KeyFlags.RW | KeyFlags.Insert)],
        },
        new("brpoplpush", 4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Blocking,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), BlockingRPopLPush)
        {
            Group = "list", Since = "2.2.0", Complexity = "O(1)",
            Summary = "Moves an element from a tail to a head, or waits for one.",
            MoreKeys = [new(2, Flags: KeyFlags.RW | KeyFlags.Insert)],
        },
        new("blmpop", -5, CommandFlags.Write | CommandFlags.Blocking | CommandFlags.MovableKeys,
            new(2, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete) { KeyNumber = 0 }, BlockingPopMany)
        {
            Group = "list", Since = "7.0.0", Complexity = "O(N+M)",
            Summary = "Takes elements off the first list that has some, or waits for it.",
        },
    ];

    private static Outcome Move(CommandContext c) =>
        TryEnd(c, 3, out bool fromHead) && TryEnd(c, 4, out bool toHead) ? Move(c, fromHead, toHead, isBlocking: false, default) : c.Syntax();

    private static Outcome RPopLPush(CommandContext c) => Move(c, false, true, isBlocking: false, default);

    private static Outcome BlockingMove(CommandContext c)
    {
        if (!TryEnd(c, 3, out bool fromHead) || !TryEnd(c, 4, out bool toHead)) return c.Syntax();
        return BlockTimeout.TryParse(c, 5, out TimeSpan timeout) ? Move(c, fromHead, toHead, isBlocking: true, timeout) : Outcome.Done;
    }

    private static Outcome BlockingRPopLPush(CommandContext c) =>
        BlockTimeout.TryParse(c, 3, out TimeSpan timeout) ? Move(c, false, true, isBlocking: true, timeout) : Outcome.Done;

    private static Outcome Move(CommandContext c, bool fromHead, bool toHead, bool isBlocking, TimeSpan timeout)
    {
        if (!c.TryChange(1, out ListValue? source, out Outcome outcome)) return outcome;
        if (source is null)
        {
            if (isBlocking && c.TryBlock(1, 1, BlobType.List, timeout, out outcome)) return outcome;
            return c.Null();
        }

        if (!c.TryChange(2, out ListValue? target, out outcome, source.MemoryBytes / Math.Max(1, source.Count))) return outcome;
        byte[] element = source.Get(fromHead ? 0 : source.Count - 1, stackalloc byte[Listpack.ScratchBytes]).ToArray();
        c.Store.Begin(ref c.Scope);
        if (!ReferenceEquals(source, target) && !TryPush(c, 2, target, element, toHead))
        {
            c.Store.Complete(ref c.Scope);
            return Outcome.Retry;
        }

        if (fromHead) source.PopHead(1, c.Changes);
        else source.PopTail(1, c.Changes);
        if (ReferenceEquals(source, target))
        {
            if (toHead) source.PushHead(element, c.Changes);
            else source.PushTail(element, c.Changes);
        }

        c.Changed(toHead ? "lpush" : "rpush", 2);
        c.Changed(fromHead ? "lpop" : "rpop", 1);
        c.Commit(1, source);
        c.Store.Complete(ref c.Scope);
        c.Reply.Bulk(element);
        return Outcome.Done;
    }

    private static bool TryPush(CommandContext c, int keyArg, ListValue? list, byte[] element, bool atHead)
    {
        bool isNew = list is null;
        list ??= new ListValue(c.Keyspace.Collections);
        list.ExpectGrowth(element.Length, 1);
        if (atHead) list.PushHead(element, c.Changes);
        else list.PushTail(element, c.Changes);
        return c.TryCommit(keyArg, list, isNew);
    }

    private static Outcome PopMany(CommandContext c) => PopMany(c, 1, timeoutArg: 0);

    private static Outcome BlockingPopMany(CommandContext c) => PopMany(c, 2, timeoutArg: 1);

    private static Outcome PopMany(CommandContext c, int countArg, int timeoutArg)
    {
        if (!c.TryLong(countArg, out long keys, 1, long.MaxValue, "ERR numkeys should be greater than 0")) return Outcome.Done;
        long end = keys >= c.Count ? c.Count : countArg + keys + 1;
        if (end >= c.Count || !TryEnd(c, (int)end, out bool fromHead)) return c.Syntax();
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
            if (!c.TryChange(arg, out ListValue? list, out Outcome outcome)) return outcome;
            if (list is null) continue;
            c.Reply.ArrayHeader(2);
            c.Reply.Bulk(c.Arg(arg));
            c.Reply.ArrayHeader((int)Math.Min(count, list.Count));
            ListCommands.Take(c, arg, list, fromHead, count);
            return Outcome.Done;
        }

        if (timeoutArg > 0 && c.TryBlock(countArg + 1, (int)end - 1, BlobType.List, timeout, out Outcome blocked)) return blocked;
        c.Reply.NullArray();
        return Outcome.Done;
    }

    private static Outcome BlockingPop(CommandContext c, bool fromHead)
    {
        if (!BlockTimeout.TryParse(c, c.Count - 1, out TimeSpan timeout)) return Outcome.Done;
        for (int arg = 1; arg < c.Count - 1; arg++)
        {
            if (!c.TryChange(arg, out ListValue? list, out Outcome outcome)) return outcome;
            if (list is null) continue;
            c.Reply.ArrayHeader(2);
            c.Reply.Bulk(c.Arg(arg));
            ListCommands.Take(c, arg, list, fromHead, 1);
            return Outcome.Done;
        }

        if (c.TryBlock(1, c.Count - 2, BlobType.List, timeout, out Outcome blocked)) return blocked;
        c.Reply.NullArray();
        return Outcome.Done;
    }

    private static bool TryEnd(CommandContext c, int arg, out bool head)
    {
        head = c.Is(arg, "LEFT"u8);
        return head || c.Is(arg, "RIGHT"u8);
    }
}
