using System.Diagnostics;

namespace Hal.Cache.Benchmarks.Micro;

/// <summary>Runs an action many times on one thread and compares the bytes it allocates with a ceiling; time is printed, never judged.</summary>
internal sealed class AllocationCheck(string name, double ceilingBytes, Action action)
{
    /// <summary>Calls before measuring, enough for the runtime to compile the action fully.</summary>
    internal const int WarmUpCalls = 50_000;
    internal const int CallsPerBatch = 10_000;
    internal const int Batches = 15;

    public string Name => name;

    /// <summary>Median nanoseconds and mean allocated bytes a call; not within the ceiling when the bytes exceed it.</summary>
    public AllocationResult Run()
    {
        for (var i = 0; i < WarmUpCalls; i++)
            action();
        var nanoseconds = new double[Batches];
        // The least batch: a compilation or the runtime's own rare work in one batch is not the action's.
        var bytes = long.MaxValue;
        for (var batch = 0; batch < Batches; batch++)
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < CallsPerBatch; i++)
                action();
            nanoseconds[batch] = Stopwatch.GetElapsedTime(started).TotalNanoseconds / CallsPerBatch;
            bytes = Math.Min(bytes, GC.GetAllocatedBytesForCurrentThread() - allocated);
        }
        Array.Sort(nanoseconds);
        return new AllocationResult(name, nanoseconds[Batches / 2], bytes / (double)CallsPerBatch, ceilingBytes);
    }
}
