namespace Hal.Cache.Testing.Threads;

/// <summary>Runs what begins on a thread that is none of the pool's, as a loop that polls connections is.</summary>
public static class OwnThread
{
    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(60);

    /// <summary>What the call gives as it returns to its thread.</summary>
    public static T Run<T>(Func<T> begin)
    {
        var outcome = new TaskCompletionSource<T>();
        var thread = new Thread(() =>
        {
            try
            {
                outcome.SetResult(begin());
            }
#pragma warning disable CA1031 // it is the caller's, whatever it is
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                outcome.SetException(thrown);
            }
        }) { IsBackground = true, Name = "own thread" };
        thread.Start();
        if (!thread.Join(StuckAfter))
            throw new TimeoutException("what began on a thread of its own has not returned: it waits there");
        return outcome.Task.GetAwaiter().GetResult();
    }
}
