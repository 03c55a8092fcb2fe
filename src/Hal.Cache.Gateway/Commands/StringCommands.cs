using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Strings;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Reads and writes of whole strings.</summary>
internal static class StringCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("get", 2, CommandFlags.ReadOnly | CommandFlags.Fast,
            KeySpec.One, Get)
        {
            Group = "string", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Gives the value of a string.",
        },
        new("set", -3, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Update | KeyFlags.VariableFlags) { Notes = "RW and ACCESS due to the optional `GET` argument" }, Set)
        {
            Group = "string", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Sets a string, whatever type the key had, on conditions and with an expiry where these are given.",
        },
        new("setnx", 3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            new(1, Flags: KeyFlags.OW | KeyFlags.Insert), SetNx)
        {
            Group = "string", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Sets a string where the key does not exist.",
        },
        new("setex", 4, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.OW | KeyFlags.Update), SetEx)
        {
            Group = "string", Since = "2.0.0", Complexity = "O(1)",
            Summary = "Sets a string with an expiry in seconds.",
        },
        new("psetex", 4, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, Flags: KeyFlags.OW | KeyFlags.Update), PSetEx)
        {
            Group = "string", Since = "2.6.0", Complexity = "O(1)",
            Summary = "Sets a string with an expiry in milliseconds.",
        },
        new("getset", 3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast,
            KeySpec.OneChanged, GetSet)
        {
            Group = "string", Since = "1.0.0", Complexity = "O(1)",
            Summary = "Sets a string and gives the one before.",
        },
        new("getdel", 2, CommandFlags.Write | CommandFlags.Fast,
            new(1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete), GetDel)
        {
            Group = "string", Since = "6.2.0", Complexity = "O(1)",
            Summary = "Gives the value of a string and deletes the key.",
        },
        new("getex", -2, CommandFlags.Write | CommandFlags.Fast,
            KeySpec.OneChanged with { Notes = "RW and UPDATE because it changes the TTL" }, GetEx)
        {
            Group = "string", Since = "6.2.0", Complexity = "O(1)",
            Summary = "Gives the value of a string and sets or removes its expiry.",
        },
        new("mget", -2, CommandFlags.ReadOnly | CommandFlags.Fast,
            KeySpec.All, MGet)
        {
            Group = "string", Since = "1.0.0", Complexity = "O(N) for N keys",
            Summary = "Gives the values of several strings at one moment.",
        },
        new("mset", -3, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, -1, 2, KeyFlags.OW | KeyFlags.Update), MSet)
        {
            Group = "string", Since = "1.0.1", Complexity = "O(N) for N keys",
            Summary = "Sets several strings at once.",
        },
        new("msetnx", -3, CommandFlags.Write | CommandFlags.DenyOom,
            new(1, -1, 2, KeyFlags.OW | KeyFlags.Insert), MSetNx)
        {
            Group = "string", Since = "1.0.1", Complexity = "O(N) for N keys",
            Summary = "Sets several strings at once where none of the keys exists.",
        },
    ];

    private const SetConditions SetAllowed =
        SetConditions.IfAbsent | SetConditions.IfPresent | SetConditions.Get | SetConditions.KeepTtl | SetConditions.AnyExpiry;

    private const SetConditions GetExAllowed = SetConditions.Persist | SetConditions.AnyExpiry;

    private static Outcome Get(CommandContext c) =>
        c.TryFind(1, Need.Value, out EntryRef entry) ? ReplyString(c, entry) : Outcome.Retry;

    private static Outcome Set(CommandContext c)
    {
        SetOptions options = default;
        if (c.Count > 3 && !SetOptions.TryParse(c, 3, SetAllowed, out options)) return c.Error(RespErrors.Syntax);
        return SetWith(c, options, 2);
    }

    private static Outcome SetNx(CommandContext c)
    {
        if (!c.TryFind(1, Need.Meta, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone)
        {
            if (!c.TryPut(1, 2, 0, EntryFlags.None)) return Outcome.Retry;
            c.Changed("set", 1);
        }

        c.Reply.Integer(entry.IsNone ? 1 : 0);
        return Outcome.Done;
    }

    private static Outcome SetEx(CommandContext c) => SetWith(c, new(SetConditions.Ex, 2), 3);

    private static Outcome PSetEx(CommandContext c) => SetWith(c, new(SetConditions.Px, 2), 3);

    private static Outcome GetSet(CommandContext c)
    {
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (!entry.IsNone && entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);
        ReplyString(c, entry);
        if (!c.TryPut(1, 2, 0, EntryFlags.None)) return Outcome.Retry;
        c.Changed("set", 1);
        return Outcome.Done;
    }

    private static Outcome GetDel(CommandContext c)
    {
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        ReplyString(c, entry);
        if (entry.IsNone || entry.Type != BlobType.String) return Outcome.Done;
        if (!c.TryRemove(1, out _)) return Outcome.Retry;
        c.Changed("del", 1);
        return Outcome.Done;
    }

    private static Outcome GetEx(CommandContext c)
    {
        if (!SetOptions.TryParse(c, 2, GetExAllowed, out SetOptions options)) return c.Error(RespErrors.Syntax);
        if (!c.TryFind(1, Need.Value, out EntryRef entry)) return Outcome.Retry;
        if (entry.IsNone || entry.Type != BlobType.String) return ReplyString(c, entry);
        long expiresAt = 0;
        if (options.Has(SetConditions.AnyExpiry) && !TryExpiry(c, options, out expiresAt)) return Outcome.Done;

        bool hadExpiry = entry.ExpiresAt != 0;
        ReplyString(c, entry);
        if (options.Has(SetConditions.Absolute) && expiresAt <= c.Now)
        {
            if (!c.TryRemove(1, out _)) return Outcome.Retry;
            c.Changed("del", 1);
        }
        else if (options.Has(SetConditions.AnyExpiry))
        {
            if (!c.TrySetExpiry(1, expiresAt)) return Outcome.Retry;
            c.Changed("expire", 1);
        }
        else if (options.Has(SetConditions.Persist) && hadExpiry)
        {
            if (!c.TrySetExpiry(1, 0)) return Outcome.Retry;
            c.Changed("persist", 1);
        }

        return Outcome.Done;
    }

    private static Outcome MGet(CommandContext c)
    {
        c.Reply.ArrayHeader(c.Count - 1);
        for (int i = 1; i < c.Count; i++)
        {
            if (!c.TryFind(i, Need.Value, out EntryRef entry)) return Outcome.Retry;
            if (entry.IsNone || entry.Type != BlobType.String) c.Reply.Null();
            else c.ReplyValue(entry);
        }

        return Outcome.Done;
    }

    private static Outcome MSet(CommandContext c)
    {
        if ((c.Count & 1) == 0) return c.WrongArity();
        if (!TryPutAll(c)) return Outcome.Retry;
        c.Reply.Ok();
        return Outcome.Done;
    }

    private static Outcome MSetNx(CommandContext c)
    {
        if ((c.Count & 1) == 0) return c.WrongArity();
        for (int i = 1; i < c.Count; i += 2)
        {
            if (!c.TryFind(i, Need.Meta, out EntryRef entry)) return Outcome.Retry;
            if (entry.IsNone) continue;
            c.Reply.Integer(0);
            return Outcome.Done;
        }

        if (!TryPutAll(c)) return Outcome.Retry;
        c.Reply.Integer(1);
        return Outcome.Done;
    }

    private static bool TryPutAll(CommandContext c)
    {
        // Asked for all of it first: a change that ends half-way would be seen, and MSETNX would find its own keys when it runs again.
        long bytes = 0;
        for (int i = 1; i < c.Count; i++) bytes += c.ArgLength(i);
        if (!c.Store.HasRoom(bytes))
        {
            c.NeedRoom(bytes);
            return false;
        }

        c.Store.Begin(ref c.Scope);
        for (int i = 1; i < c.Count; i += 2)
        {
            if (!c.TryPut(i, i + 1, 0, EntryFlags.None)) return false;
            c.Changed("set", i);
        }

        c.Store.Complete(ref c.Scope);
        return true;
    }

    private static Outcome SetWith(CommandContext c, SetOptions options, int valueArg)
    {
        long expiresAt = 0;
        if (options.Has(SetConditions.AnyExpiry) && !TryExpiry(c, options, out expiresAt)) return Outcome.Done;

        const SetConditions Looks = SetConditions.Get | SetConditions.IfAbsent | SetConditions.IfPresent | SetConditions.KeepTtl;
        if (options.Has(Looks))
        {
            bool replies = options.Has(SetConditions.Get);
            if (!c.TryFind(1, replies ? Need.Value : Need.Meta, out EntryRef entry)) return Outcome.Retry;
            if (replies)
            {
                if (!entry.IsNone && entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);
                ReplyString(c, entry);
            }

            if (options.Has(entry.IsNone ? SetConditions.IfPresent : SetConditions.IfAbsent))
            {
                if (!replies) c.Reply.Null();
                return Outcome.Done;
            }

            if (options.Has(SetConditions.KeepTtl) && !entry.IsNone) expiresAt = entry.ExpiresAt;
        }

        if (!c.TryPut(1, valueArg, expiresAt, EntryFlags.None)) return Outcome.Retry;
        c.Changed("set", 1);
        if (options.Has(SetConditions.AnyExpiry)) c.Changed("expire", 1);
        if (!options.Has(SetConditions.Get)) c.Reply.Ok();
        return Outcome.Done;
    }

    /// <summary>The point in time, in Unix milliseconds, that the options give; false where an error was replied.</summary>
    private static bool TryExpiry(CommandContext c, SetOptions options, out long expiresAt)
    {
        if (!RedisInteger.TryParse(c.Arg(options.ExpiryArg), out expiresAt))
        {
            c.Error(RespErrors.NotInteger);
            return false;
        }

        bool seconds = options.Has(SetConditions.Seconds);
        long now = options.Has(SetConditions.Absolute) ? 0 : c.Now;
        if (expiresAt > 0 && expiresAt <= (long.MaxValue - now) / (seconds ? 1000 : 1))
        {
            expiresAt = (seconds ? expiresAt * 1000 : expiresAt) + now;
            return true;
        }

        c.InvalidExpiry();
        return false;
    }

    private static Outcome ReplyString(CommandContext c, in EntryRef entry)
    {
        if (entry.IsNone) c.Reply.Null();
        else if (entry.Type != BlobType.String) return c.Error(RespErrors.WrongType);
        else c.ReplyValue(entry);
        return Outcome.Done;
    }
}
