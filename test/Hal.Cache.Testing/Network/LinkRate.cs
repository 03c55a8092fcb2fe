using System.Diagnostics;

namespace Hal.Cache.Testing.Network;

/// <summary>Lets bytes through at a rate: each piece has its place on one line, and passes when the line has come to its end.</summary>
internal sealed class LinkRate(long bytesPerSecond)
{
    private readonly Lock _gate = new();
    private TimeSpan _free;
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public async ValueTask PassAsync(int bytes, CancellationToken cancellation)
    {
        TimeSpan wait;
        lock (_gate)
        {
            var now = _watch.Elapsed;
            _free = (_free > now ? _free : now) + TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
            wait = _free - now;
        }

        // No state to wait for: the time is what is simulated.
        using var timer = new PeriodicTimer(wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait);
        await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
    }
}
