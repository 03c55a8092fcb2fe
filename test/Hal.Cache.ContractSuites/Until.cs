using System.Diagnostics;

namespace Hal.Cache.ContractSuites;

/// <summary>Waits, within a bound, for what another thread does in its own time.</summary>
public static class Until
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    public static async Task TrueAsync(Func<bool> condition, string reason)
    {
        long since = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(since) > Bound)
                throw new TimeoutException($"Within {Bound.TotalSeconds} s: {reason}");
            await Task.Yield();
        }
    }
}
