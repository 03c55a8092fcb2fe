namespace Hal.Cache.Node;

/// <summary>
/// Readers who waited for the same, and go on one after another on the thread that brought it: with a thread of the pool for each, those whose threads the
/// scheduler puts off have their first bytes when all others have everything.
/// </summary>
public static class ReaderLine
{
    /// <summary>Readers that go on on one thread; more would keep what comes next waiting, so the rest do on the thread pool.</summary>
    public const int ReadersMax = 32;

    [ThreadStatic]
    private static int running; // lines, one within another

    /// <summary>Whether the caller is in such a line, and does a part and the rest elsewhere; of the thread, since what goes on can't know otherwise whose stack it is on.</summary>
    public static bool IsRunning => running > 0;

    /// <summary>Has readers go on: as many as may on this thread, which holds no locks, the rest on the thread pool, as many at a time.</summary>
    internal static void GoOn<T>(IReadOnlyList<T> readers, Action<T> goOn)
    {
        for (int from = ReadersMax; from < readers.Count; from += ReadersMax)
            ThreadPool.UnsafeQueueUserWorkItem(static part => GoOn(part.Readers, part.From, part.GoOn), (Readers: readers, From: from, GoOn: goOn), preferLocal: false);
        GoOn(readers, 0, goOn);
    }

    private static void GoOn<T>(IReadOnlyList<T> readers, int from, Action<T> goOn)
    {
        int end = Math.Min(readers.Count, from + ReadersMax);
        if (end - from == 1)
        {
            goOn(readers[from]);
            return;
        }

        running++;
        try
        {
            for (; from < end; from++)
                goOn(readers[from]);
        }
        finally
        {
            running--;
        }
    }
}
