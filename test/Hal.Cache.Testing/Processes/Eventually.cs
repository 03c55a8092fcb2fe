using System.Diagnostics;

namespace Hal.Cache.Testing.Processes;

/// <summary>Bounded waits for a state of another process, which has no event to wait for.</summary>
public static class Eventually
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

    /// <summary>Looks until the condition holds (true) or the limit is over (false).</summary>
    public static async Task<bool> HoldsAsync(Func<bool> condition, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        using var timer = new PeriodicTimer(Period);
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > limit) return false;
            await timer.WaitForNextTickAsync();
        }

        return true;
    }
}
