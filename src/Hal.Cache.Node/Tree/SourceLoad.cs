namespace Hal.Cache.Node.Tree;

/// <summary>
/// What one source has been asked for and not brought yet, and how fast it brings: bytes over the time in which anything was under way,
/// averaged exponentially over windows. Times are in seconds of one monotonic clock. Used under the lock of <see cref="SourceBalance"/>.
/// </summary>
internal sealed class SourceLoad(double expected)
{
    /// <summary>Shortest time that a rate is taken over, in seconds.</summary>
    public const double WindowSeconds = 0.1;

    /// <summary>After so long without a read what was measured counts no more, in seconds.</summary>
    public const double KnownSeconds = 5;

    private const double Smoothing = 0.5;
    private const double RateMin = 1;

    private double rate = Math.Max(RateMin, expected);
    private double since;
    private double busy;
    private double endedAt;
    private long bytes;

    /// <summary>Reads under way.</summary>
    public int Running { get; private set; }

    /// <summary>Bytes that these have still to bring.</summary>
    public long Queued { get; private set; }

    public void Began(double expectedNow, int length, double now)
    {
        if (Running++ == 0)
        {
            if (now - endedAt > KnownSeconds)
                (rate, busy, bytes) = (Math.Max(RateMin, expectedNow), 0, 0);
            since = now - busy;
        }

        Queued += length;
    }

    public void Took(int count, double now)
    {
        (bytes, Queued) = (bytes + count, Queued - count);
        Measure(now);
    }

    public void Ended(int left, double now)
    {
        Queued -= left;
        Measure(now);
        if (--Running == 0)
            (busy, endedAt) = (now - since, now);
    }

    /// <summary>Bytes a second as of now: what was promised and does not come counts too.</summary>
    public double Rate(double expectedNow, double now)
    {
        if (Running == 0)
            return now - endedAt > KnownSeconds ? Math.Max(RateMin, expectedNow) : rate;
        double window = now - since;
        return window < WindowSeconds ? rate : Math.Clamp(bytes / window, RateMin, rate);
    }

    private void Measure(double now)
    {
        double window = now - since;
        if (window < WindowSeconds)
            return;
        rate = Math.Max(RateMin, ((1 - Smoothing) * rate) + (Smoothing * bytes / window));
        (since, bytes) = (now, 0);
    }
}
