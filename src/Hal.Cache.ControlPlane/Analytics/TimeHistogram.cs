using System.Numerics;

namespace Hal.Cache.ControlPlane.Analytics;

/// <summary>Counts of times in 256 buckets, eight to a doubling, from 1 us to over an hour: 1 KiB. Not thread-safe.</summary>
internal sealed class TimeHistogram
{
    public const int Buckets = 256;

    // Times below 8 us have a bucket each; above, the three bits under the leading one choose among eight.
    private const int SubBits = 3;

    private readonly uint[] counts = new uint[Buckets];

    public long Count { get; private set; }

    public double MaxMs { get; private set; }

    public void Add(double ms)
    {
        counts[Bucket((ulong)Math.Min(ms * 1000, uint.MaxValue))]++;
        Count++;
        MaxMs = Math.Max(MaxMs, ms);
    }

    public void Add(TimeHistogram other)
    {
        for (var i = 0; i < Buckets; i++) counts[i] += other.counts[i];
        Count += other.Count;
        MaxMs = Math.Max(MaxMs, other.MaxMs);
    }

    /// <summary>The upper edge of the bucket in which the percentile lies, at most the maximum; null where nothing was counted.</summary>
    public double? Percentile(double percent)
    {
        if (Count == 0) return null;
        var rank = Math.Max(1, (long)Math.Ceiling(Count * percent / 100));
        long seen = 0;
        for (var i = 0; i < Buckets; i++)
        {
            seen += counts[i];
            if (seen >= rank) return Math.Min(UpperUs(i) / 1000.0, MaxMs);
        }
        return MaxMs;
    }

    private static int Bucket(ulong us)
    {
        if (us < 1 << SubBits) return (int)us;
        var shift = BitOperations.Log2(us) - SubBits;
        return Math.Min(((shift + 1) << SubBits) | (int)((us >> shift) & ((1 << SubBits) - 1)), Buckets - 1);
    }

    private static ulong UpperUs(int bucket)
    {
        if (bucket < 1 << SubBits) return (ulong)bucket + 1;
        var shift = (bucket >> SubBits) - 1;
        return (ulong)((bucket & ((1 << SubBits) - 1)) + (1 << SubBits) + 1) << shift;
    }
}
