using System.Diagnostics;

namespace Hal.Cache.Testing.Processes;

/// <summary>Bounded waits for a state of another process, which has no event to wait for.</summary>
public static class Eventually
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

    /// <summary>Looks until the condition holds (true) or the limit is over (false).</summary>
    public static Task<bool> HoldsAsync(Func<bool> condition, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return HoldsAsync(() => Task.FromResult(condition()), limit);
    }

    /// <summary>The same with a condition that has to be asked for.</summary>
    public static async Task<bool> HoldsAsync(Func<Task<bool>> condition, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(condition);
        using var timer = new PeriodicTimer(Period);
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > limit) return false;
            await timer.WaitForNextTickAsync();
        }

        return true;
    }
}
