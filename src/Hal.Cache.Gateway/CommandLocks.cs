namespace Hal.Cache.Gateway;

/// <summary>The locks of a command's shards, and what their end sets going.</summary>
internal static class CommandLocks
{
    /// <summary>Locks the shards of the command's keys.</summary>
    public static void Lock(this CommandContext c) => c.Store.Lock(c.Shards);

    /// <summary>
    /// Locks the shards of the command's keys once no transaction has them; for work that <see cref="CommandContext.RunAsync"/> started, in short stretches.
    /// </summary>
    public static async ValueTask LockAsync(this CommandContext c)
    {
        while (true)
        {
            c.Lock();
            if (!c.IsFenced) return;
            c.Unlock();
            await c.Server.Fence.WaitAsync(c.Shards, c.Cancellation).ConfigureAwait(false);
        }
    }

    public static void Unlock(this CommandContext c)
    {
        c.NoteChanges();
        c.Store.Unlock(c.Shards);
    }

    /// <summary>Ends what was changed under the locks that are held: the reply, and events for other instances, wait for its publication.</summary>
    public static void NoteChanges(this CommandContext c)
    {
        long ticket = c.Keyspace.Authority is { IsIdle: false } authority ? c.Waits.Note(c, authority) : 0;
        if (c.Server.Events is { HasOpen: true } events) events.Release(ticket);
    }
}
