using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>When keys expire.</summary>
internal static class ExpiryCommands
{
    private const long MillisecondsPerSecond = 1000;

    private const CommandFlags Reads = CommandFlags.ReadOnly | CommandFlags.Fast;
    private const CommandFlags Writes = CommandFlags.Write | CommandFlags.Fast;
    private static readonly KeySpec Changed = new(1, Flags: KeyFlags.RW | KeyFlags.Update);

    public static readonly CommandSpec[] Specs =
    [
        KeyCommands.Row("expire", -3, Writes, Changed, c => Expire(c, MillisecondsPerSecond, c.Now), "1.0.0", "Lets a key expire after so many seconds."),
        KeyCommands.Row("pexpire", -3, Writes, Changed, c => Expire(c, 1, c.Now), "2.6.0", "Lets a key expire after so many milliseconds."),
        KeyCommands.Row("expireat", -3, Writes, Changed, c => Expire(c, MillisecondsPerSecond, 0), "1.2.0", "Lets a key expire at a Unix time in seconds."),
        KeyCommands.Row("pexpireat", -3, Writes, Changed, c => Expire(c, 1, 0), "2.6.0", "Lets a key expire at a Unix time in milliseconds."),
        KeyCommands.Row("persist", 2, Writes, Changed, Persist, "2.2.0", "Takes a key's expiry off."),
        KeyCommands.Row("ttl", 2, Reads, KeySpec.One, c => Tell(c, MillisecondsPerSecond, c.Now), "1.0.0", "Tells how many seconds a key has left."),
        KeyCommands.Row("pttl", 2, Reads, KeySpec.One, c => Tell(c, 1, c.Now), "2.6.0", "Tells how many milliseconds a key has left."),
        KeyCommands.Row("expiretime", 2, Reads, KeySpec.One, c => Tell(c, MillisecondsPerSecond, 0), "7.0.0", "Tells the Unix time in seconds at which a key expires."),
        KeyCommands.Row("pexpiretime", 2, Reads, KeySpec.One, c => Tell(c, 1, 0), "7.0.0", "Tells the Unix time in milliseconds at which a key expires."),
    ];

    private static Outcome Expire(CommandContext c, long unit, long from)
    {
        bool nx = false, xx = false, gt = false, lt = false;
        for (int arg = 3; arg < c.Count; arg++)
        {
            ReadOnlySpan<byte> option = c.Arg(arg);
            if (Ascii.EqualsIgnoreCase(option, "NX"u8)) nx = true;
            else if (Ascii.EqualsIgnoreCase(option, "XX"u8)) xx = true;
            else if (Ascii.EqualsIgnoreCase(option, "GT"u8)) gt = true;
            else if (Ascii.EqualsIgnoreCase(option, "LT"u8)) lt = true;
            else return c.Error($"ERR Unsupported option {RespErrors.Cut(option)}");
        }

        if (nx && (xx || gt || lt)) return c.Error("ERR NX and XX, GT or LT options at the same time are not compatible"u8);
        if (gt && lt) return c.Error("ERR GT and LT options at the same time are not compatible"u8);
        if (!RedisInteger.TryParse(c.Arg(2), out long time)) return c.NotInteger();
        if (time > long.MaxValue / unit || time < long.MinValue / unit || time * unit > long.MaxValue - from) return c.InvalidExpiry();
        long at = (time * unit) + from;
        if (!c.TryFind(1, Need.Meta, out EntryRef entry)) return Outcome.Retry;
        long current = entry.IsNone ? 0 : entry.ExpiresAt;
        bool refused = entry.IsNone || (nx && current != 0) || (xx && current == 0) || (gt && (current == 0 || at <= current))
            || (lt && current != 0 && at >= current);
        if (!refused && at <= (from != 0 ? from : c.Now)) // one time for the whole command: 1 ms from now is not over yet
        {
            if (!c.TryRemove(1, out _)) return Outcome.Retry;
            c.Changed("del", 1);
        }
        else if (!refused)
        {
            if (!c.TrySetExpiry(1, at)) return Outcome.Retry;
            c.Changed("expire", 1);
        }

        c.Reply.Integer(refused ? 0 : 1);
        return Outcome.Done;
    }

    private static Outcome Persist(CommandContext c)
    {
        if (!c.TryFind(1, Need.Meta, out EntryRef entry)) return Outcome.Retry;
        bool expires = !entry.IsNone && entry.ExpiresAt != 0;
        if (expires)
        {
            if (!c.TrySetExpiry(1, 0)) return Outcome.Retry;
            c.Changed("persist", 1);
        }

        c.Reply.Integer(expires ? 1 : 0);
        return Outcome.Done;
    }

    private static Outcome Tell(CommandContext c, long unit, long from)
    {
        if (!c.TryFind(1, Need.Meta, out EntryRef entry)) return Outcome.Retry;
        long at = entry.IsNone ? 0 : entry.ExpiresAt;
        long left = Math.Max(0, at - from);
        c.Reply.Integer(entry.IsNone ? -2 : at == 0 ? -1 : unit == 1 ? left : (left / unit) + (left % unit >= unit / 2 ? 1 : 0));
        return Outcome.Done;
    }
}
