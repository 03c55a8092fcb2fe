using System.Globalization;
using Hal.Cache.Gateway.Clients;

namespace Hal.Cache.Gateway.Server;

/// <summary>
/// <c>maxmemory-clients</c>: while all clients together take as much, those that take most are cut, but for those with CLIENT NO-EVICT and for other
/// instances. Looked at by a timer and not as memory is taken, so that commands do not pay for it. Thread-safe.
/// </summary>
internal sealed class ClientEviction(ClientRegistry clients, MemoryBound memory, TimeProvider time)
{
    /// <summary>How often is looked.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Least limit that holds, in bytes, as in Redis: with less nobody could set another.</summary>
    public const long BytesMin = 128 << 10;

    private readonly Lock gate = new();
    private ITimer? timer;
    private long bytes; // the limit that was set, 0 for none
    private int percent; // of maxmemory, where that was set
    private long evicted;

    /// <summary>Clients that were cut since the start, or since <see cref="Reset"/>.</summary>
    public long Evicted => Volatile.Read(ref evicted);

    /// <summary>What clients may take together, in bytes; 0 for any.</summary>
    public long LimitBytes
    {
        get
        {
            (long set, int part) = (Volatile.Read(ref bytes), Volatile.Read(ref percent));
            return set == 0 && part == 0 ? 0 : Math.Max(BytesMin, part == 0 ? set : (long)(memory.Bytes / 100.0 * part));
        }
    }

    /// <summary>Takes the parameter's value, in bytes or with a percent sign; 0 is no limit.</summary>
    public void Set(string value)
    {
        bool isPercent = value.EndsWith('%');
        long number = long.Parse(value.AsSpan(0, value.Length - (isPercent ? 1 : 0)), CultureInfo.InvariantCulture);
        lock (gate)
        {
            Volatile.Write(ref percent, isPercent ? (int)number : 0);
            Volatile.Write(ref bytes, isPercent ? 0 : number);
            timer?.Dispose();
            timer = number > 0 ? time.CreateTimer(_ => Look(), null, Interval, Interval) : null;
        }
    }

    public void Reset() => Volatile.Write(ref evicted, 0);

    private void Look()
    {
        long limit = LimitBytes;
        if (limit == 0) return;
        var taken = new List<(ClientSession Client, long Bytes)>();
        long sum = 0;
        foreach (ClientSession client in clients.All)
        {
            if (client.Peer is not null) continue;
            long bytes = ClientMemory.Of(client).Total;
            sum += bytes;
            if (!client.NoEvict) taken.Add((client, bytes));
        }

        if (sum < limit) return;
        foreach ((ClientSession client, long bytes) in taken.OrderByDescending(one => one.Bytes))
        {
            clients.Cut(client);
            Interlocked.Increment(ref evicted);
            sum -= bytes;
            if (sum < limit) return;
        }
    }
}
