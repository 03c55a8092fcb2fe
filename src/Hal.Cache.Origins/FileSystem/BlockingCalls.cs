using System.Runtime.CompilerServices;

namespace Hal.Cache.Origins.FileSystem;

/// <summary>File calls block their thread; this keeps them on the thread pool, without a hop where the caller is there already.</summary>
internal static class BlockingCalls
{
    /// <summary>Whether the caller may block. Gateway handlers can run on the thread that polls every connection, which must not.</summary>
    public static bool Allowed => Thread.CurrentThread.IsThreadPoolThread;

    public static ConfiguredTaskAwaitable HopAsync() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
}
