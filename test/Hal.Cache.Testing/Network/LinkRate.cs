using System.Diagnostics;

namespace Hal.Cache.Testing.Network;

/// <summary>
/// A line with a rate: each piece has its place on it behind the one before, and is over when the line has come to its end. Several links that share one
/// are one link's lanes.
/// </summary>
public sealed class LinkRate(long bytesPerSecond)
{
    /// <summary>A timer waits for no less: what is over sooner is so at once.</summary>
    private static readonly TimeSpan WaitMin = TimeSpan.FromMilliseconds(1);

    private readonly Lock _gate = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private TimeSpan _free;

    /// <summary>Puts a piece on the line; when it is over.</summary>
    public TimeSpan Put(int bytes)
    {
        lock (_gate)
        {
            var now = _watch.Elapsed;
            return _free = (_free > now ? _free : now) + TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
        }
    }

    /// <summary>Waits until then.</summary>
    public async ValueTask OverAsync(TimeSpan when, CancellationToken cancellation)
    {
        var wait = when - _watch.Elapsed;
        if (wait < WaitMin) return;

        // No state to wait for: the time is what is simulated.
        using var timer = new PeriodicTimer(wait);
        await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
    }
}
