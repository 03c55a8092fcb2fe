using System.Collections.Concurrent;
using System.Text;

namespace Hal.Cache.Gateway.Server;

/// <summary>INFO's errorstats: error replies by their first word. Safe from any thread.</summary>
internal sealed class ErrorCounters
{
    /// <summary>Most different first words that are counted; later ones are counted as a whole only.</summary>
    public const int PrefixesMax = 128;

    private readonly ConcurrentDictionary<string, StrongCount> counts = new();
    private long total;

    public long Total => Interlocked.Read(ref total);

    public void Count(ReadOnlySpan<byte> error)
    {
        int end = error.IndexOf((byte)' ');
        Add(Encoding.ASCII.GetString(end < 0 ? error : error[..end]));
    }

    public void Count(string error)
    {
        int end = error.IndexOf(' ', StringComparison.Ordinal);
        Add(end < 0 ? error : error[..end]);
    }

    public IEnumerable<(string Prefix, long Count)> Snapshot() =>
        counts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, Interlocked.Read(ref pair.Value.Value)));

    public void Reset()
    {
        counts.Clear();
        Interlocked.Exchange(ref total, 0);
    }

    private void Add(string prefix)
    {
        Interlocked.Increment(ref total);
        if (!counts.TryGetValue(prefix, out StrongCount? count))
        {
            if (counts.Count >= PrefixesMax) return;
            count = counts.GetOrAdd(prefix, _ => new StrongCount());
        }

        Interlocked.Increment(ref count.Value);
    }

    private sealed class StrongCount
    {
        public long Value;
    }
}
