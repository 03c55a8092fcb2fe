namespace Hal.Cache.Testing.Origins;

/// <summary>Holds calls of an origin until it is released; the test knows when one has arrived.</summary>
public sealed class OriginStall
{
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int held;

    /// <summary>Completes when the first call is held.</summary>
    public Task Reached => reached.Task;

    /// <summary>Calls that have been held so far.</summary>
    public int Held => Volatile.Read(ref held);

    /// <summary>Lets all held calls go on, and later ones pass.</summary>
    public void Release() => released.TrySetResult();

    internal Task HoldAsync(CancellationToken cancellation)
    {
        if (released.Task.IsCompleted)
        {
            return Task.CompletedTask;
        }

        Interlocked.Increment(ref held);
        reached.TrySetResult();
        return released.Task.WaitAsync(cancellation);
    }
}
