namespace Hal.Cache.Node.Tree;

/// <summary>
/// Divides objects over the sources that may bring parts of them at the same time: the next range goes to the one that is expected to be done
/// with it first (list scheduling by earliest completion time), and the rest of a range that another would bring in half the time goes to that
/// one. Thread-safe.
/// </summary>
internal sealed class SourceBalance(TimeProvider time)
{
    /// <summary>How often a read beside others is looked at.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>How many times faster another source must be expected to be to take over.</summary>
    private const double TakeoverGain = 2;

    private readonly Lock gate = new();
    private readonly Dictionary<string, SourceLoad> loads = new(StringComparer.Ordinal);

    /// <summary>Takes from the list the source to ask for so many bytes: the first, or of those that share with it the one that is done first.</summary>
    public FetchSource Take(List<FetchSource> sources, int bytes)
    {
        int best = 0;
        if (sources[0].Shares && sources.Count > 1)
        {
            lock (gate)
            {
                double now = Now, least = double.PositiveInfinity;
                for (int at = 0; at < sources.Count; at++)
                {
                    double expected = sources[at].Shares ? SecondsAfterQueue(sources[at], bytes, now) : double.PositiveInfinity;
                    if (expected < least)
                        (best, least) = (at, expected);
                }
            }
        }

        FetchSource taken = sources[best];
        sources.RemoveAt(best);
        return taken;
    }

    /// <summary>Whether one of the others would bring the rest of a read in half the time that its source will take.</summary>
    public bool IsBehind(in FetchSource source, int rest, List<FetchSource> others)
    {
        lock (gate)
        {
            double now = Now;
            SourceLoad load = LoadOf(source);
            double here = (double)rest * Math.Max(1, load.Running) / load.Rate(source.BytesPerSecond, now);
            foreach (FetchSource other in others)
            {
                if (other.Shares && TakeoverGain * SecondsBesides(other, rest, now) < here)
                    return true;
            }
        }

        return false;
    }

    public void Began(in FetchSource source, int bytes)
    {
        lock (gate)
            LoadOf(source).Began(source.BytesPerSecond, bytes, Now);
    }

    public void Took(in FetchSource source, int bytes)
    {
        lock (gate)
            LoadOf(source).Took(bytes, Now);
    }

    /// <summary>A read has ended without so many of its bytes.</summary>
    public void Ended(in FetchSource source, int left)
    {
        lock (gate)
            LoadOf(source).Ended(left, Now);
    }

    private double Now => (double)time.GetTimestamp() / time.TimestampFrequency;

    private double SecondsAfterQueue(in FetchSource source, int bytes, double now)
    {
        SourceLoad load = LoadOf(source);
        return (source.LatencyMs / 1000) + ((load.Queued + bytes) / load.Rate(source.BytesPerSecond, now));
    }

    // Reads of one source share its rate.
    private double SecondsBesides(in FetchSource source, int bytes, double now)
    {
        SourceLoad load = LoadOf(source);
        return (source.LatencyMs / 1000) + ((double)bytes * (load.Running + 1) / load.Rate(source.BytesPerSecond, now));
    }

    private SourceLoad LoadOf(in FetchSource source)
    {
        if (!loads.TryGetValue(source.Name, out SourceLoad? load))
            loads.Add(source.Name, load = new SourceLoad(source.BytesPerSecond));
        return load;
    }
}
