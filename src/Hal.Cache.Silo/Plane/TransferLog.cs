using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Silo.Plane;

/// <summary>
/// What links carry, in sums for the next heartbeat: the bytes of a source, over the time in which at least one transfer from it was under
/// way, so that transfers side by side do not make a link look slow.
/// </summary>
internal sealed class TransferLog(string destination, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Sum> sums = new(StringComparer.Ordinal);

    public void Began(string source)
    {
        lock (gate)
        {
            if (!sums.TryGetValue(source, out var sum)) sums.Add(source, sum = new Sum());
            if (sum.Running++ == 0) sum.BusySince = time.GetTimestamp();
        }
    }

    public void Ended(string source, long bytes)
    {
        lock (gate)
        {
            if (!sums.TryGetValue(source, out var sum)) return; // began before anybody listened
            sum.Bytes += bytes;
            if (--sum.Running == 0) sum.Busy += time.GetElapsedTime(sum.BusySince);
        }
    }

    /// <summary>Who was fetched from.</summary>
    public IReadOnlyList<string> Sources()
    {
        lock (gate) return [.. sums.Keys];
    }

    /// <summary>The observations since the last call; those that moved nothing are left out.</summary>
    public IReadOnlyList<LinkObservation> Take()
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            var seen = new List<LinkObservation>();
            foreach (var (source, sum) in sums)
            {
                if (sum.Running > 0)
                {
                    sum.Busy += time.GetElapsedTime(sum.BusySince, now);
                    sum.BusySince = now;
                }
                if (sum.Bytes > 0 && sum.Busy > TimeSpan.Zero)
                    seen.Add(new LinkObservation { From = source, To = destination, TransferBytes = sum.Bytes, TransferMs = sum.Busy.TotalMilliseconds });
                (sum.Bytes, sum.Busy) = (0, TimeSpan.Zero);
            }
            return seen;
        }
    }

    private sealed class Sum
    {
        public int Running { get; set; }

        public long BusySince { get; set; }

        public long Bytes { get; set; }

        public TimeSpan Busy { get; set; }
    }
}
