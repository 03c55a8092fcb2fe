namespace Hal.Cache.Gateway.Server;

/// <summary>The latest spikes of one event: one for each second, the longest. Not thread-safe.</summary>
internal sealed class LatencySeries
{
    /// <summary>Spikes that are kept.</summary>
    public const int SamplesMax = 160;

    private readonly Queue<(long At, long Milliseconds)> samples = new();
    private (long At, long Milliseconds) newest;

    /// <summary>Longest since the last reset, in milliseconds.</summary>
    public long Longest { get; private set; }

    /// <summary>Unix second and milliseconds of the newest.</summary>
    public (long At, long Milliseconds) Newest => newest;

    /// <summary>All that are kept, the oldest first.</summary>
    public (long At, long Milliseconds)[] All() => [.. samples, newest];

    public void Add(long second, long milliseconds)
    {
        Longest = Math.Max(Longest, milliseconds);
        if (newest.At == second)
        {
            newest.Milliseconds = Math.Max(newest.Milliseconds, milliseconds);
            return;
        }

        if (newest.At != 0) samples.Enqueue(newest);
        newest = (second, milliseconds);
        if (samples.Count == SamplesMax) samples.Dequeue();
    }
}
