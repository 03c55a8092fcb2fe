namespace Hal.Cache.Storage.Memory;

/// <summary>How many bytes of each log segment, and of all, are live: what reclaiming must keep.</summary>
internal sealed class LiveBytes(int segmentBytes, long capacityBytes)
{
    private readonly int shift = int.Log2(segmentBytes);
    private readonly long[] segments = new long[(int)(capacityBytes / segmentBytes) + 8];
    private long total;

    public long Total => Volatile.Read(ref total);

    /// <summary>Counts a record in, address 0 where it is not in the log yet.</summary>
    public void Add(long address, long bytes)
    {
        Interlocked.Add(ref total, bytes);
        if (address != 0)
            Interlocked.Add(ref segments[(address >> shift) % segments.Length], bytes);
    }

    public void Remove(long address, long bytes) => Add(address, -bytes);

    /// <summary>A record that has got its place, or another one.</summary>
    public void Move(long from, long to, long bytes)
    {
        if (from != 0)
            Interlocked.Add(ref segments[(from >> shift) % segments.Length], -bytes);
        if (to != 0)
            Interlocked.Add(ref segments[(to >> shift) % segments.Length], bytes);
    }

    public long OfSegmentAt(long address) => Volatile.Read(ref segments[(address >> shift) % segments.Length]);
}
