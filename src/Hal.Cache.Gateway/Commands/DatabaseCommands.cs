using System.Text;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Gateway.Blocking;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Whole databases.</summary>
internal static class DatabaseCommands
{
    public static readonly CommandSpec[] Specs =
    [
        new("dbsize", 1, CommandFlags.ReadOnly | CommandFlags.Fast, KeySpec.None, DbSize)
        {
            Group = "server", Categories = ["keyspace"], Summary = "Counts the keys of the database.",
        },
        new("flushdb", -1, CommandFlags.Write | CommandFlags.AllShards, KeySpec.None, c => Flush(c, c.Client.Database))
        {
            Group = "server", Categories = ["keyspace", "dangerous"], Complexity = "O(N) where N is the number of keys in the selected database",
            Summary = "Removes all keys of the database.",
        },
        new("flushall", -1, CommandFlags.Write | CommandFlags.AllShards, KeySpec.None, c => Flush(c, -1))
        {
            Group = "server", Categories = ["keyspace", "dangerous"], Complexity = "O(N) where N is the total number of keys in all databases",
            Summary = "Removes all keys of all databases.",
        },
    ];

    private static Outcome DbSize(CommandContext c)
    {
        c.Reply.Integer(c.Store.Count(c.Client.Database));
        return Outcome.Done;
    }

    // Memory and disk always come back in the background: SYNC has nothing to wait for.
    private static Outcome Flush(CommandContext c, int database)
    {
        bool known = c.Count == 1 || (c.Count == 2 && (Ascii.EqualsIgnoreCase(c.Arg(1), "async"u8) || Ascii.EqualsIgnoreCase(c.Arg(1), "sync"u8)));
        if (!known) return c.Syntax();
        if (!c.IsDone(c.Store.Flush(database, ref c.Scope), 0)) return Outcome.Retry;

        // Those who wait for what was in a stream hear that it is gone.
        for (int each = 0; c.Server.Blocked.Count != 0 && each < IBlobStore.Databases; each++)
        {
            if (database >= 0 && each != database) continue;
            foreach (BlockedKey key in c.Server.Blocked.KeysIn(each)) c.NoteReady(key.Bytes, each);
        }

        return c.Ok();
    }
}
