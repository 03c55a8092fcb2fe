using System.Diagnostics;

namespace Hal.Cache.Silo;

/// <summary>The instances of the process; closed together, leaves before what is above them.</summary>
internal sealed class SiloInstances : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    public List<SiloInstance> All { get; } = [];

    /// <summary>Waits until those whose root is in this process have reached it: a client that was told "ready" finds a tree. At most so long.</summary>
    public async Task WaitForTreeAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var waiting = All.Where(i => i.Options.Role is not null && All.Exists(other => other.Options.Name == i.Options.Root)).ToArray();
        using var timer = new PeriodicTimer(Look);
        for (var began = Stopwatch.GetTimestamp(); !Array.TrueForAll(waiting, i => i.IsConnected) && Stopwatch.GetElapsedTime(began) < limit;)
            await timer.WaitForNextTickAsync(cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = All.Count - 1; i >= 0; i--) await All[i].DisposeAsync();
    }
}
