using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Commands of Redis's that make no sense here; each row's reason is in the README.</summary>
internal static class RefusedCommands
{
    private const CommandFlags Admin = CommandFlags.Admin | CommandFlags.NoScript;
    private const int MigrateKeyAt = 3;
    private const int MigrateOptionsAt = 6;
    private const CommandFlags Replication = Admin | CommandFlags.NoAsyncLoading;

    public static readonly CommandSpec[] Specs =
    [
        Row("replicaof", 3, Replication | CommandFlags.Stale, ReplicaOf, "5.0.0"),
        Row("slaveof", 3, Replication | CommandFlags.Stale, ReplicaOf, "1.0.0"),
        Row("failover", -1, Admin | CommandFlags.Stale, Failover, "6.2.0"),
        Row("sync", 1, Replication | CommandFlags.NoMulti, Refuse, "1.0.0"),
        Row("psync", -3, Replication | CommandFlags.NoMulti, Refuse, "2.8.0"),
        Row("replconf", -1, Admin | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.AllowBusy, Refuse, "3.0.0"),
        new("migrate", -6, CommandFlags.Write | CommandFlags.MovableKeys,
            new(MigrateKeyAt, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete) { Finder = MigrateKeyOf }, Migrate)
        {
            Since = "2.6.0", Summary = "Refused; see the list of differences.", Categories = ["keyspace", "dangerous"],
            MoreKeys = [new(MigrateOptionsAt, -1, Flags: KeyFlags.RW | KeyFlags.Access | KeyFlags.Delete | KeyFlags.Incomplete) { Keyword = "KEYS", KeywordFrom = -2, Finder = MigrateKeysOf }],
        },
        Row("module", -2, CommandFlags.None, c => c.WrongArity(), "4.0.0") with
        {
            Subcommands =
            [
                Row("help", 2, CommandFlags.Loading | CommandFlags.Stale, Help, "5.0.0"),
                Row("list", 2, Admin, List, "4.0.0"),
                Row("load", -3, Replication, Refuse, "4.0.0"),
                Row("loadex", -3, Replication, Refuse, "7.0.0"),
                Row("unload", 3, Replication, Refuse, "4.0.0"),
            ],
        },
    ];

    private static CommandSpec Row(string name, int arity, CommandFlags flags, CommandHandler handler, string since) =>
        new(name, arity, flags, KeySpec.None, handler) { Group = "server", Since = since, Summary = "Refused; see the list of differences." };

    private static Outcome Refuse(CommandContext c) =>
        c.Error($"ERR {c.Spec.FullName.Replace('|', ' ').ToUpperInvariant()} is not supported: {Reason(c.Spec)}");

    private static string Reason(CommandSpec spec) => (spec.Container ?? spec).Name switch
    {
        "module" => "no modules are loaded into this server",
        _ => "instances are kept alike by the tree that they are part of, not by Redis's replication",
    };

    private static Outcome ReplicaOf(CommandContext c) =>
        Ascii.EqualsIgnoreCase(c.Arg(1), "no"u8) && Ascii.EqualsIgnoreCase(c.Arg(2), "one"u8) ? c.Ok() : Refuse(c);

    /// <summary>MIGRATE has its one key by position, or any number of them behind KEYS, where it has to be empty.</summary>
    private static int MigrateKeyOf(CommandContext c, int offset) => FindMigrateKeys(c, offset) < 0 ? offset + MigrateKeyAt : -1;

    private static int MigrateKeysOf(CommandContext c, int offset) =>
        FindMigrateKeys(c, offset) is >= 0 and var keys && c.ArgLength(offset + MigrateKeyAt) == 0 ? keys : -1;

    // The argument behind KEYS, which may be a password too.
    private static int FindMigrateKeys(CommandContext c, int offset)
    {
        for (int i = offset + MigrateOptionsAt; i < c.Count; i++)
        {
            if (c.IsLarge(i)) continue;
            if (Ascii.EqualsIgnoreCase(c.Arg(i), "keys"u8)) return i + 1;
            if (Ascii.EqualsIgnoreCase(c.Arg(i), "auth"u8)) i++;
            else if (Ascii.EqualsIgnoreCase(c.Arg(i), "auth2"u8)) i += 2;
        }

        return -1;
    }

    private static Outcome Migrate(CommandContext c)
    {
        bool hasKey = false;
        foreach (KeySpec keys in (KeySpec[])[c.Spec.Keys, .. c.Spec.MoreKeys])
        {
            if (!keys.TryRange(c, out int from, out int to)) continue;
            for (int arg = from; arg <= to; arg++)
            {
                if (!c.TryFind(arg, Need.Meta, out EntryRef entry)) return Outcome.Retry;
                hasKey |= !entry.IsNone;
            }
        }

        if (hasKey) return c.Error("ERR MIGRATE is not supported: keys are taken elsewhere with DUMP and RESTORE"u8);
        c.Reply.SimpleString("NOKEY"u8);
        return Outcome.Done;
    }

    // There never are replicas, so that Redis's own answers fit.
    private static Outcome Failover(CommandContext c)
    {
        if (c.Count == 2 && Ascii.EqualsIgnoreCase(c.Arg(1), "abort"u8)) return c.Error("ERR No failover in progress."u8);
        bool hasTarget = false, isForced = false;
        long timeout = 0;
        for (int i = 1; i < c.Count; i++)
        {
            int more = c.Count - i - 1;
            if (timeout == 0 && more >= 1 && Ascii.EqualsIgnoreCase(c.Arg(i), "timeout"u8))
            {
                if (!RedisInteger.TryParse(c.Arg(++i), out timeout)) return c.NotInteger();
                if (timeout <= 0) return c.Error("ERR FAILOVER timeout must be greater than 0"u8);
            }
            else if (!hasTarget && more >= 2 && Ascii.EqualsIgnoreCase(c.Arg(i), "to"u8))
            {
                if (!RedisInteger.TryParse(c.Arg(i += 2), out _)) return c.NotInteger();
                hasTarget = true;
            }
            else if (!isForced && Ascii.EqualsIgnoreCase(c.Arg(i), "force"u8)) isForced = true;
            else return c.Syntax();
        }

        return c.Error("ERR FAILOVER requires connected replicas."u8);
    }

    private static Outcome List(CommandContext c)
    {
        c.Reply.ArrayHeader(0);
        return Outcome.Done;
    }

    private static Outcome Help(CommandContext c) => c.Help("LIST", "    The modules that are loaded: none.");
}
