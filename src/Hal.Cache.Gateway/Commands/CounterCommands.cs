using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Numbers in strings.</summary>
internal static class CounterCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("incr", 2, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            KeySpec.OneChanged, Incr)
        {
            Group = "string", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Adds one to an integer; a missing key counts as 0.",
        },
        new("decr", 2, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            KeySpec.OneChanged, Decr)
        {
            Group = "string", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Takes one from an integer; a missing key counts as 0.",
        },
        new("incrby", 3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            KeySpec.OneChanged, IncrBy)
        {
            Group = "string", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Adds to an integer; a missing key counts as 0.",
        },
        new("decrby", 3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            KeySpec.OneChanged, DecrBy)
        {
            Group = "string", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Takes from an integer; a missing key counts as 0.",
        },
        new("incrbyfloat", 3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            KeySpec.OneChanged, IncrByFloat)
        {
            Group = "string", Since = "2.6.0", Complexity = "O(1)",
            Summary = "Adds to a number; a missing key counts as 0.",
        },
    ];

    private static Outcome Incr(CommandContext c) => Add(c, 1);

    private static Outcome Decr(CommandContext c) => Add(c, -1);

    private static Outcome IncrBy(CommandContext c) =>
        RedisInteger.TryParse(c.Arg(2), out long increment) ? Add(c, increment) : c.Error(RespErrors.NotInteger);

    private static Outcome DecrBy(CommandContext c)
    {
        if (!RedisInteger.TryParse(c.Arg(2), out long decrement)) return c.Error(RespErrors.NotInteger);
        return decrement == long.MinValue ? c.Error("ERR decrement would overflow"u8) : Add(c, -decrement);
    }

    private static Outcome Add(CommandContext c, long increment)
    {
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        long value = 0;
        long expiresAt = 0;
        if (!entry.IsNone)
        {
            if (entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);
            if (entry.IsLarge || !RedisInteger.TryParse(entry.Value, out value)) return c.Error(RespErrors.NotInteger);
            expiresAt = entry.ExpiresAt;
        }

        long sum = unchecked(value + increment);
        if (((value ^ sum) & (increment ^ sum)) < 0) return c.Error("ERR increment or decrement would overflow"u8);
        Span<byte> digits = stackalloc byte[RedisInteger.BytesMax];
        if (!c.TryPut(1, digits[..RedisInteger.Format(sum, digits)], expiresAt, EntryFlags.None)) return Outcome.Retry;
        c.Changed("incrby", 1);
        c.Reply.Integer(sum);
        return Outcome.Done;
    }

    private static Outcome IncrByFloat(CommandContext c)
    {
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        RedisLongDouble value = RedisLongDouble.From(0);
        long expiresAt = 0;
        if (!entry.IsNone)
        {
            if (entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);
            if (entry.IsLarge || !RedisLongDouble.TryParse(entry.Value, out value)) return c.Error(RespErrors.NotFloat);
            expiresAt = entry.ExpiresAt;
        }

        if (!RedisLongDouble.TryParse(c.Arg(2), out RedisLongDouble increment)) return c.Error(RespErrors.NotFloat);
        if (!RedisLongDouble.TryAdd(value, increment, out RedisLongDouble sum))
            return c.Error("ERR increment would produce NaN or Infinity"u8);
        Span<byte> text = stackalloc byte[RedisLongDouble.BytesMax];
        text = text[..sum.Format(text)];
        if (!c.TryPut(1, text, expiresAt, EntryFlags.Text)) return Outcome.Retry;
        c.Changed("incrbyfloat", 1);
        c.Reply.Bulk(text);
        return Outcome.Done;
    }
}
