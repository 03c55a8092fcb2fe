namespace Hal.Cache.Gateway.Clients;

/// <summary>How many runs of a command took at most 1, 2, 4 ... microseconds. Written by one thread, read by any.</summary>
internal sealed class TimeBuckets
{
    private readonly long[] counts = new long[40];

    public void Add(long microseconds) => counts[microseconds <= 1 ? 0 : 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)microseconds - 1)]++;

    public void Add(TimeBuckets other, int sign)
    {
        for (int i = 0; i < counts.Length; i++) counts[i] += sign * other.counts[i];
    }

    /// <summary>Each upper end with how many runs took no longer, from the first to the last that counted one.</summary>
    public List<(long Microseconds, long Count)> Cumulated()
    {
        var buckets = new List<(long Microseconds, long Count)>();
        long sum = 0;
        int last = Array.FindLastIndex(counts, count => count > 0);
        for (int i = 0; i <= last; i++)
        {
            sum += counts[i];
            if (sum > 0) buckets.Add((1L << i, sum));
        }

        return buckets;
    }

    /// <summary>Microseconds within which so many of a hundred runs ended, at most twice the true value; 0 where none was counted.</summary>
    public long Percentile(double percent)
    {
        long total = counts.Sum();
        long needed = Math.Max(1, (long)Math.Ceiling(total * percent / 100));
        long sum = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            sum += counts[i];
            if (sum >= needed) return 1L << i;
        }

        return 0;
    }
}
