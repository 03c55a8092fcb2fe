using System.Runtime.CompilerServices;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>
/// File calls block their thread; this keeps them on the thread pool, without a hop where the caller is there already, and makes up for the
/// threads that they hold: while several are in calls, the pool's minimum is higher by as many, so that a file system that hangs takes no
/// thread from anything else.
/// </summary>
/// <remarks>Static as the pool is. Otherwise the pool would add a thread or two a second, and all would stand still meanwhile.</remarks>
internal static class BlockingCalls
{
    /// <summary>The minimum is raised and lowered by so many threads at a time.</summary>
    public const int Step = 4;

    private const int LoweredAfterMs = 1000;

    private static readonly Lock Gate = new();
    private static int running;
    private static int added;
    private static long raisedAt;

    /// <summary>Whether the caller may block. Gateway handlers can run on the thread that polls every connection, which must not.</summary>
    public static bool Allowed => Thread.CurrentThread.IsThreadPoolThread;

    public static ConfiguredTaskAwaitable HopAsync() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    /// <summary>From here to the end of the scope the thread may be blocked.</summary>
    public static Scope Enter()
    {
        int now = Interlocked.Increment(ref running);
        if (now > 1 && now > Volatile.Read(ref added))
            Adjust();
        return new(isEntered: true);
    }

    private static void Exit()
    {
        int now = Interlocked.Decrement(ref running);
        int had = Volatile.Read(ref added);
        if (had > 0 && (now + (2 * Step) <= had || (now == 0 && Environment.TickCount64 - Volatile.Read(ref raisedAt) > LoweredAfterMs)))
            Adjust();
    }

    private static void Adjust()
    {
        lock (Gate)
        {
            int now = Volatile.Read(ref running);
            int wanted = now > 1 ? (now + Step - 1) / Step * Step : 0;
            ThreadPool.GetMinThreads(out int workers, out int ports);
            if (wanted == added || !ThreadPool.SetMinThreads(Math.Max(1, workers + wanted - added), ports))
                return;
            if (wanted > added)
                Volatile.Write(ref raisedAt, Environment.TickCount64);
            Volatile.Write(ref added, wanted);
        }
    }

    /// <summary>A call that may block.</summary>
    internal readonly ref struct Scope(bool isEntered)
    {
        public void Dispose()
        {
            if (isEntered)
                Exit();
        }
    }
}
