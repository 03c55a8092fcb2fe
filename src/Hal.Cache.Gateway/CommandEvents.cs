using Hal.Cache.Gateway.Blocking;

namespace Hal.Cache.Gateway;

/// <summary>What a command's changes set going: keyspace events, and clients that wait for its keys.</summary>
internal static class CommandEvents
{
    /// <summary>Tells that the command changed a key: the one place for keyspace events, by Redis's event names; the store tells of changes itself.</summary>
    public static void Changed(this CommandContext c, string keyspaceEvent, int keyArg) => c.Changed(keyspaceEvent, keyArg, c.Client.Database);

    /// <summary>The same for the key in another database.</summary>
    public static void Changed(this CommandContext c, string keyspaceEvent, int keyArg, int database)
    {
        c.Dirty++;
        if (c.Server.Blocked.Count != 0) c.NoteReady(c.Arg(keyArg), database);
        if (c.Server.Notifications.IsOn) c.Server.Notifications.Tell(keyspaceEvent, c.Arg(keyArg), database, c.Client.Id);
    }

    /// <summary>Has the clients that wait for a key, which has a value now, served after the command.</summary>
    public static void NoteReady(this CommandContext c, ReadOnlySpan<byte> key, int database)
    {
        var ready = new BlockedKey(database, key.ToArray(), c.Store.Hash(key));
        CommandContext owner = c.Outer ?? c; // a transaction's keys are served when its locks are gone
        if (c.Server.Blocked.IsAwaited(ready) && owner.Ready?.Contains(ready) != true) (owner.Ready ??= []).Add(ready);
    }
}
