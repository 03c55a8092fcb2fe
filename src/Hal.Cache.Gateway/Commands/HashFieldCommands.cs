using Hal.Cache.Gateway.Collections;
using Hal.Cache.Node.Values;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>When fields of hashes expire, as in Redis 7.4.</summary>
internal static class HashFieldCommands
{
    private const long MillisecondsPerSecond = 1000;

    /// <summary>Latest time in Unix milliseconds, as in Redis.</summary>
    private const long TimeMax = (1L << 46) - 1;
    private const int NoField = -2, NoTime = -1, Refused = 0, Done = 1, Removed = 2;

    public static readonly CommandSpec[] Specs =
    [
        Write("hexpire", -6, c => Expire(c, MillisecondsPerSecond, c.Now), "Lets fields expire after so many seconds."),
        Write("hpexpire", -6, c => Expire(c, 1, c.Now), "Lets fields expire after so many milliseconds."),
        Write("hexpireat", -6, c => Expire(c, MillisecondsPerSecond, 0), "Lets fields expire at a Unix time in seconds."),
        Write("hpexpireat", -6, c => Expire(c, 1, 0), "Lets fields expire at a Unix time in milliseconds."),
        Write("hpersist", -5, Persist, "Takes the time of their end off fields."),
        Read("httl", c => Tell(c, MillisecondsPerSecond, c.Now), "Tells how many seconds fields have left."),
        Read("hpttl", c => Tell(c, 1, c.Now), "Tells how many milliseconds fields have left."),
        Read("hexpiretime", c => Tell(c, MillisecondsPerSecond, 0), "Tells the Unix time in seconds at which fields expire."),
        Read("hpexpiretime", c => Tell(c, 1, 0), "Tells the Unix time in milliseconds at which fields expire."),
    ];

    private static CommandSpec Write(string name, int arity, CommandHandler handler, string summary) =>
        Row(name, arity, (arity == -6 ? CommandFlags.DenyOom : CommandFlags.None) | CommandFlags.Write | CommandFlags.Fast, KeyFlags.RW | KeyFlags.Update, handler, summary);

    private static CommandSpec Read(string name, CommandHandler handler, string summary) =>
        Row(name, -5, CommandFlags.ReadOnly | CommandFlags.Fast, KeyFlags.RO | KeyFlags.Access, handler, summary);

    private static CommandSpec Row(string name, int arity, CommandFlags flags, KeyFlags key, CommandHandler handler, string summary) =>
        new(name, arity, flags, new(1, Flags: key), handler)
        {
            Group = "hash", Since = "7.4.0", Complexity = "O(N) where N is the number of specified fields", Summary = summary,
        };

    private static Outcome Expire(CommandContext c, long unit, long from)
    {
        if (!c.TryChange(1, out HashValue? hash, out Outcome outcome)) return outcome;
        if (!c.TryLong(2, out long time)) return Outcome.Done;
        if (time < 0) return c.Error("ERR invalid expire time, must be >= 0"u8);
        if (time > TimeMax / unit || time * unit > TimeMax - from) return c.InvalidExpiry();
        long at = (time * unit) + from, now = c.Now;
        bool nx = c.Is(3, "NX"u8), xx = c.Is(3, "XX"u8), gt = c.Is(3, "GT"u8), lt = c.Is(3, "LT"u8);
        if (!TryFields(c, nx || xx || gt || lt ? 4 : 3, "ERR Parameter `numFields` should be greater than 0", out int first)) return Outcome.Done;
        c.Reply.ArrayHeader(c.Count - first);
        bool isSet = false, isRemoved = false;
        for (int arg = first; arg < c.Count; arg++)
        {
            ReadOnlySpan<byte> field = c.Arg(arg);
            int result = NoField;
            if (hash?.Contains(field) == true)
            {
                long before = hash.TimeOf(field);
                bool isRefused = (nx && before != 0) || (xx && before == 0) || (gt && (before == 0 || at <= before)) || (lt && before != 0 && at >= before);
                result = isRefused ? Refused : at <= now ? Removed : Done;
                if (result == Removed) isRemoved |= hash.Remove(field, c.Changes);
                if (result == Done) hash.SetTime(field, at, c.Changes);
                isSet |= result == Done;
            }

            c.Reply.Integer(result);
        }

        if (hash is null || !(isSet || isRemoved)) return Outcome.Done;
        c.Changed(isRemoved ? "hdel" : "hexpire", 1);
        c.Commit(1, hash);
        if (isSet && !hash.IsEmpty) c.Server.Fields.Watch(c.Key(1), hash);
        return Outcome.Done;
    }

    private static Outcome Persist(CommandContext c)
    {
        if (!c.TryChange(1, out HashValue? hash, out Outcome outcome)) return outcome;
        if (!TryFields(c, 2, "ERR Number of fields must be a positive integer", out int first)) return Outcome.Done;
        c.Reply.ArrayHeader(c.Count - first);
        bool isChanged = false;
        for (int arg = first; arg < c.Count; arg++)
        {
            ReadOnlySpan<byte> field = c.Arg(arg);
            int result = hash?.Contains(field) != true ? NoField : hash.TimeOf(field) == 0 ? NoTime : Done;
            if (result == Done)
            {
                hash!.SetTime(field, 0, c.Changes);
                isChanged = true;
            }

            c.Reply.Integer(result);
        }

        if (!isChanged) return Outcome.Done;
        c.Changed("hpersist", 1);
        c.Commit(1, hash!);
        return Outcome.Done;
    }

    private static Outcome Tell(CommandContext c, long unit, long from)
    {
        if (!c.TryRead(1, out HashValue? hash, out Outcome outcome)) return outcome;
        if (!TryFields(c, 2, "ERR Number of fields must be a positive integer", out int first)) return Outcome.Done;
        c.Reply.ArrayHeader(c.Count - first);
        for (int arg = first; arg < c.Count; arg++)
        {
            ReadOnlySpan<byte> field = c.Arg(arg);
            long at = hash?.TimeOf(field) ?? 0;
            c.Reply.Integer(at != 0 ? (at - from + unit - 1) / unit : hash?.Contains(field) == true ? NoTime : NoField);
        }

        return Outcome.Done;
    }

    /// <summary>Reads FIELDS and the number of fields, which are all that follows; false with Redis's error replied.</summary>
    private static bool TryFields(CommandContext c, int arg, string refused, out int first)
    {
        first = arg + 2;
        if (!c.Is(arg, "FIELDS"u8)) c.Error("ERR Mandatory argument FIELDS is missing or not at the right position"u8);
        else if (!c.TryLong(arg + 1, out long count, 1, long.MaxValue, refused)) return false;
        else if (count != c.Count - first) c.Error("ERR The `numfields` parameter must match the number of arguments"u8);
        else return true;
        return false;
    }
}
