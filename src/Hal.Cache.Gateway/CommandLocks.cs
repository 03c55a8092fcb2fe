namespace Hal.Cache.Gateway;

/// <summary>The locks of a command's shards, and what their end sets going.</summary>
internal static class CommandLocks
{
    /// <summary>Locks the shards of the command's keys.</summary>
    public static void Lock(this CommandContext c) => c.Store.Lock(c.Shards);

    /// <summary>
    /// Locks the shards of the command's keys unless a transaction has them, which is then waited for (<see cref="WaitForFenceAsync"/>); for work that
    /// <see cref="CommandContext.RunAsync"/> started, in short stretches. A lock is its thread's: what takes it must not itself be waited for, since that may go on on another.
    /// </summary>
    public static bool TryLock(this CommandContext c)
    {
        c.Lock();
        if (!c.IsFenced) return true;
        c.Unlock();
        return false;
    }

    /// <summary>Waits until no transaction has the shards of the command's keys; another may have them at once.</summary>
    public static ValueTask WaitForFenceAsync(this CommandContext c) => c.Server.Fence.WaitAsync(c.Shards, c.Cancellation);

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
