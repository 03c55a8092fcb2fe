using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Hashes.</summary>
internal static class HashCommands
{
    private const int PairScratch = 2 * Listpack.ScratchBytes;

    public static readonly CommandSpec[] Specs =
    [
        new("hset", -4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Update), Set)
        {
            Group = "hash", Since = "2.0.0", Complexity = "O(1)",
            Summary = "Sets fields of a hash, which is made where it is missing.",
        },
        new("hsetnx", 4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Insert), SetNx)
        {
            Group = "hash", Since = "2.0.0", Complexity = "O(1)",
            Summary = "Sets a field that the hash does not have.",
        },
        new("hget", 3, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Get)
        {
            Group = "hash", Since = "2.0.0", Complexity = "O(1)",
            Summary = "Gives a field's value.",
        },
        new("hmget", -3, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), GetMany)
        {
            Group = "hash", Since = "2.0.0", Complexity = "O(N)",
            Summary = "Gives the values of several fields.",
        },
        new("hmset", -4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Update), SetMany)
        {
            Group = "hash", Since = "2.0.0", Complexity = "O(N)",
            Summary = "Sets fields of a hash, without telling how many are new.",
        },
        new("hgetall", 2, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => All(c, true, true))
        {
            Group = "hash", Since = "2.0.0", Complexity = "O(N)",
            Summary = "Gives all fields with their values.",
        },
        new("hkeys", 2, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => All(c, true, false))
        {
            Group = "hash", Since = "2.0.0", Complexity = "O(N)",
            Summary = "Gives all fields.",
        },
        new("hvals", 2, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), c => All(c, false, true))
        {
            Group = "hash", Since = "2.0.0", Complexity = "O(N)",
            Summary = "Gives all values.",
        },
        new("hdel", -3, CommandFlags.Write | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Delete), Del)
        {
            Group = "hash", Since = "2.0.0", Complexity = "O(N)",
            Summary = "Removes fields; the hash goes with its last one.",
        },
        new("hlen", 2, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO), Len)
        {
            Group = "hash", Since = "2.0.0", Complexity = "O(1)",
            Summary = "Counts the fields.",
        },
        new("hexists", 3, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO), Exists)
        {
            Group = "hash", Since = "2.0.0", Complexity = "O(1)",
            Summary = "Tells whether a field is there.",
        },
        new("hstrlen", 3, CommandFlags.ReadOnly | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RO), StrLen)
        {
            Group = "hash", Since = "3.2.0", Complexity = "O(1)",
            Summary = "Tells the length of a field's value.",
        },
        new("hincrby", 4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Update), IncrBy)
        {
            Group = "hash", Since = "2.0.0", Complexity = "O(1)",
            Summary = "Adds to a field's integer; a missing one counts as 0.",
        },
        new("hincrbyfloat", 4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Update), IncrByFloat)
        {
            Group = "hash", Since = "2.6.0", Complexity = "O(1)",
            Summary = "Adds to a field's number; a missing one counts as 0.",
        },
        new("hrandfield", -2, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), RandField)
        {
            Group = "hash", Since = "6.2.0", Complexity = "O(N)",
            Summary = "Gives fields by chance.",
        },
        new("hscan", -3, CommandFlags.ReadOnly,
            new(1, Flags: KeyFlags.RO | KeyFlags.Access), Scan)
        {
            Group = "hash", Since = "2.8.0", Complexity = "O(1)",
            Summary = "Gives some fields with their values, and where to go on.",
        },
    ];

    private static Outcome Set(CommandContext c) => SetPairs(c, replies: true);

    private static Outcome SetMany(CommandContext c) => SetPairs(c, replies: false);

    private static Outcome SetPairs(CommandContext c, bool replies)
    {
        if ((c.Count & 1) != 0) return c.WrongArity();
        if (!c.TryChange(1, out HashValue? hash, out Outcome outcome)) return outcome;
        bool isNew = hash is null;
        hash ??= new HashValue(c.Keyspace.Collections);
        if ((c.Count - 2) / 2 > c.Keyspace.Collections.HashEntriesMax) hash.Expand();
        int added = 0;
        for (int arg = 2; arg < c.Count; arg += 2)
        {
            if (hash.Set(c.Arg(arg), c.Arg(arg + 1), c.Changes)) added++;
        }

        if (!c.TryCommit(1, hash, isNew)) return Outcome.Retry;
        c.Changed("hset", 1);
        return replies ? c.Integer(added) : c.Ok();
    }

    private static Outcome SetNx(CommandContext c)
    {
        if (!c.TryChange(1, out HashValue? hash, out Outcome outcome)) return outcome;
        if (hash?.Contains(c.Arg(2)) == true) return c.Integer(0);
        bool isNew = hash is null;
        hash ??= new HashValue(c.Keyspace.Collections);
        hash.Set(c.Arg(2), c.Arg(3), c.Changes);
        if (!c.TryCommit(1, hash, isNew)) return Outcome.Retry;
        c.Changed("hset", 1);
        return c.Integer(1);
    }

    private static Outcome Get(CommandContext c)
    {
        if (!c.TryRead(1, out HashValue? hash, out Outcome outcome)) return outcome;
        WriteField(c, hash, 2);
        return Outcome.Done;
    }

    private static Outcome GetMany(CommandContext c)
    {
        if (!c.TryRead(1, out HashValue? hash, out Outcome outcome)) return outcome;
        c.Reply.ArrayHeader(c.Count - 2);
        for (int arg = 2; arg < c.Count; arg++) WriteField(c, hash, arg);
        return Outcome.Done;
    }

    private static void WriteField(CommandContext c, HashValue? hash, int arg)
    {
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        if (hash is not null && hash.TryGet(c.Arg(arg), scratch, out ReadOnlySpan<byte> value)) c.Reply.Bulk(value);
        else c.Reply.Null();
    }

    private static Outcome All(CommandContext c, bool fields, bool values)
    {
        if (!c.TryRead(1, out HashValue? hash, out Outcome outcome)) return outcome;
        int count = hash?.Count ?? 0;
        if (c.IsLong(count)) return Outcome.Async;
        if (fields && values) c.Reply.MapHeader(count);
        else c.Reply.ArrayHeader(count);
        if (hash is null) return Outcome.Done;
        HashPairCursor pairs = hash.Pairs(stackalloc byte[PairScratch]);
        while (pairs.MoveNext())
        {
            if (fields) c.Reply.Bulk(pairs.Field);
            if (values) c.Reply.Bulk(pairs.Value);
        }

        return Outcome.Done;
    }

    private static Outcome Del(CommandContext c)
    {
        if (!c.TryChange(1, out HashValue? hash, out Outcome outcome)) return outcome;
        if (hash is null) return c.Integer(0);
        int removed = 0;
        for (int arg = 2; arg < c.Count && !hash.IsEmpty; arg++)
        {
            if (hash.Remove(c.Arg(arg), c.Changes)) removed++;
        }

        if (removed > 0) c.Changed("hdel", 1);
        c.Commit(1, hash);
        return c.Integer(removed);
    }

    private static Outcome Len(CommandContext c) =>
        c.TryRead(1, out HashValue? hash, out Outcome outcome) ? c.Integer(hash?.Count ?? 0) : outcome;

    private static Outcome Exists(CommandContext c) =>
        c.TryRead(1, out HashValue? hash, out Outcome outcome) ? c.Integer(hash?.Contains(c.Arg(2)) == true ? 1 : 0) : outcome;

    private static Outcome StrLen(CommandContext c)
    {
        if (!c.TryRead(1, out HashValue? hash, out Outcome outcome)) return outcome;
        Span<byte> scratch = stackalloc byte[Listpack.ScratchBytes];
        return c.Integer(hash is not null && hash.TryGet(c.Arg(2), scratch, out ReadOnlySpan<byte> value) ? value.Length : 0);
    }

    private static Outcome IncrBy(CommandContext c)
    {
        if (!c.TryLong(3, out long increment)) return Outcome.Done;
        if (!c.TryChange(1, out HashValue? hash, out Outcome outcome)) return outcome;
        long value = 0;
        Span<byte> text = stackalloc byte[RedisInteger.BytesMax];
        if (hash is not null && hash.TryGet(c.Arg(2), text, out ReadOnlySpan<byte> held) && !RedisInteger.TryParse(held, out value))
            return c.Error("ERR hash value is not an integer"u8);
        long sum = unchecked(value + increment);
        if (((value ^ sum) & (increment ^ sum)) < 0) return c.Error("ERR increment or decrement would overflow"u8);
        if (!TrySetField(c, hash, text[..RedisInteger.Format(sum, text)])) return Outcome.Retry;
        c.Changed("hincrby", 1);
        return c.Integer(sum);
    }

    private static Outcome IncrByFloat(CommandContext c)
    {
        if (!RedisLongDouble.TryParse(c.Arg(3), out RedisLongDouble increment)) return c.Error(RespErrors.NotFloat);
        if (increment.IsInfinite) return c.Error("ERR value is NaN or Infinity"u8);
        if (!c.TryChange(1, out HashValue? hash, out Outcome outcome)) return outcome;
        RedisLongDouble value = RedisLongDouble.From(0);
        Span<byte> text = stackalloc byte[RedisLongDouble.BytesMax];
        if (hash is not null && hash.TryGet(c.Arg(2), text, out ReadOnlySpan<byte> held) && !RedisLongDouble.TryParse(held, out value))
            return c.Error("ERR hash value is not a float"u8);
        if (!RedisLongDouble.TryAdd(value, increment, out RedisLongDouble sum) || sum.IsInfinite)
            return c.Error("ERR increment would produce NaN or Infinity"u8);
        ReadOnlySpan<byte> result = text[..sum.Format(text)];
        if (!TrySetField(c, hash, result)) return Outcome.Retry;
        c.Changed("hincrbyfloat", 1);
        c.Reply.Bulk(result);
        return Outcome.Done;
    }

    private static bool TrySetField(CommandContext c, HashValue? hash, ReadOnlySpan<byte> value)
    {
        bool isNew = hash is null;
        hash ??= new HashValue(c.Keyspace.Collections);
        long at = hash.TimeOf(c.Arg(2)); // a number that counts goes on to its end
        hash.Set(c.Arg(2), value, c.Changes);
        if (at != 0) hash.SetTime(c.Arg(2), at, c.Changes);
        return c.TryCommit(1, hash, isNew);
    }

    private static Outcome RandField(CommandContext c)
    {
        long count = 1;
        bool withValues = c.Count == 4;
        if (c.Count >= 3)
        {
            if (!c.TryLong(2, out count, -long.MaxValue)) return Outcome.Done;
            if (c.Count > 4 || (withValues && !c.Is(3, "WITHVALUES"u8))) return c.Syntax();
            if (withValues && count is < -long.MaxValue / 2 or > long.MaxValue / 2) return c.Error("ERR value is out of range"u8);
            if (count < -CollectionReplyLimits.RandomElementsMax) return c.Error("ERR value is out of range"u8);
        }

        if (!c.TryRead(1, out HashValue? hash, out Outcome outcome)) return outcome;
        if (hash is null) return c.Count == 2 ? c.Null() : c.EmptyArray();
        Span<byte> scratch = stackalloc byte[PairScratch];
        if (c.Count == 2)
        {
            hash.Random(Random.Shared, scratch, out ReadOnlySpan<byte> field, out _);
            c.Reply.Bulk(field);
            return Outcome.Done;
        }

        bool nested = withValues && c.Reply.Protocol == 3;
        long items = count < 0 ? -count : Math.Min(count, hash.Count);
        c.Reply.ArrayHeader((int)(withValues && !nested ? items * 2 : items));
        if (count < 0)
        {
            for (; items > 0; items--)
            {
                hash.Random(Random.Shared, scratch, out ReadOnlySpan<byte> field, out ReadOnlySpan<byte> value);
                WritePair(c, field, value, withValues, nested);
            }

            return Outcome.Done;
        }

        var chosen = new ChosenIndexes(hash.Count, (int)items, Random.Shared);
        HashPairCursor pairs = hash.Pairs(scratch);
        for (int index = 0; items > 0 && pairs.MoveNext(); index++)
        {
            if (!chosen.Take()) continue;
            WritePair(c, pairs.Field, pairs.Value, withValues, nested);
            items--;
        }

        return Outcome.Done;
    }

    private static void WritePair(CommandContext c, ReadOnlySpan<byte> field, ReadOnlySpan<byte> value, bool withValue, bool nested)
    {
        if (nested) c.Reply.ArrayHeader(2);
        c.Reply.Bulk(field);
        if (withValue) c.Reply.Bulk(value);
    }

    private static Outcome Scan(CommandContext c)
    {
        if (!ElementScan.TryCursor(c, 2, out ulong cursor)) return Outcome.Done;
        if (ElementScan.NeedsAuthority(c, cursor, isCompact: true)) return c.AtAuthority();
        if (!c.TryRead(1, out HashValue? hash, out Outcome outcome)) return outcome;
        if (hash is null) return ElementScan.Empty(c);
        if (ElementScan.NeedsAuthority(c, cursor, hash.IsCompact)) return c.AtAuthority();
        if (!ElementScan.TryParse(c, cursor, out ElementScan scan)) return Outcome.Done;
        Func<ReadOnlyMemory<byte>, bool> matches = scan.Matcher;
        using var found = new RespWriter();
        int count = 0;
        ulong next = hash.Scan(scan.Cursor, scan.Count, (item, start, length) =>
        {
            if (!matches(item.AsMemory(start, length))) return;
            found.Bulk(item.AsSpan(start, length));
            found.Bulk(item.AsSpan(start + length));
            count += 2;
        });
        return ElementScan.Write(c, next, found, count);
    }
}
