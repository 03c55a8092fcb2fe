namespace Hal.Cache.Gateway.Transactions;

/// <summary>
/// Shards that belong to a transaction, or a script, which has changed keys and has to wait without locks: until it is over no other command
/// runs on their keys. Thread-safe.
/// </summary>
internal sealed class ShardFence
{
    private readonly Lock gate = new();
    private TaskCompletionSource lowered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong held;

    /// <summary>Whether one of the shards is somebody's; exact under their locks.</summary>
    public bool Holds(ulong shards) => (Volatile.Read(ref held) & shards) != 0;

    /// <summary>Takes the shards, under their locks; gives those that were nobody's, which are to be let go of by <see cref="Lower"/>.</summary>
    public ulong Raise(ulong shards)
    {
        lock (gate)
        {
            ulong added = shards & ~held;
            Volatile.Write(ref held, held | shards);
            return added;
        }
    }

    public void Lower(ulong shards)
    {
        if (shards == 0) return;
        TaskCompletionSource waiters;
        lock (gate)
        {
            Volatile.Write(ref held, held & ~shards);
            waiters = lowered;
            lowered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        waiters.SetResult();
    }

    /// <summary>Completes when none of the shards is anybody's; by the time that their locks are had one may be again. Without locks.</summary>
    public async ValueTask WaitAsync(ulong shards, CancellationToken cancellation)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if ((held & shards) == 0) return;
                next = lowered.Task;
            }

            await next.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }
}
