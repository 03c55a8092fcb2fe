using System.Buffers.Binary;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Eviction;

/// <summary>
/// Fingerprints of keys that left lately, as many as there are entries but at most <see cref="SlotsMax"/>, in 4 MiB. No locks: a race loses
/// a fingerprint, and two keys of one fingerprint are taken for each other once in billions.
/// </summary>
internal sealed unsafe class GhostSet
{
    private const int SlotsMax = 1 << 19;
    private const int SlotsPerBucket = 8;
    private const int Buckets = SlotsMax / SlotsPerBucket;
    private const int Stripes = 64;
    private const int WordsPerStripe = 8; // a cache line
    private const int RegionShift = 16;

    // Upper half the fingerprint, lower half the number of the addition; the newest is first in its bucket.
    private readonly ulong[] slots = new ulong[SlotsMax];
    private readonly long[] entryCounts = new long[Stripes * WordsPerStripe];
    private readonly ulong seed;
    private uint additions;
    private uint additionsRemembered = SlotsPerBucket;

    public GhostSet(int seed) => this.seed = StripedRandom.Mix((uint)seed);

    /// <summary>Keeps account of how many entries live, which is how many ghosts are remembered.</summary>
    public void CountEntry(in EntryRef entry, int change) => entryCounts[(int)(((nuint)entry.Header >> RegionShift) % Stripes) * WordsPerStripe] += change;

    public void Add(in EntryRef entry)
    {
        uint number = Interlocked.Increment(ref additions);
        if (number % 1024 == 1)
            Volatile.Write(ref additionsRemembered, EntryCount());
        ulong hash = HashOf(entry);
        Span<ulong> bucket = BucketOf(hash);
        bucket[..^1].CopyTo(bucket[1..]);
        bucket[0] = (Fingerprint(hash) << 32) | number;
    }

    /// <summary>Whether the key left lately; it is forgotten.</summary>
    public bool Take(in EntryRef entry)
    {
        ulong hash = HashOf(entry);
        ulong fingerprint = Fingerprint(hash);
        foreach (ref ulong slot in BucketOf(hash))
        {
            if (slot >> 32 != fingerprint)
                continue;
            uint age = Volatile.Read(ref additions) - (uint)slot;
            slot = 0;
            return age < Volatile.Read(ref additionsRemembered);
        }

        return false;
    }

    private uint EntryCount()
    {
        long sum = 0;
        for (int stripe = 0; stripe < Stripes; stripe++)
            sum += entryCounts[stripe * WordsPerStripe];
        return (uint)Math.Clamp(sum, SlotsPerBucket, SlotsMax);
    }

    private Span<ulong> BucketOf(ulong hash) => slots.AsSpan((int)(hash % Buckets) * SlotsPerBucket, SlotsPerBucket);

    // 0 marks a free slot.
    private static ulong Fingerprint(ulong hash) => (hash >> 32) | 1;

    private ulong HashOf(in EntryRef entry)
    {
        ReadOnlySpan<byte> rest = entry.Key;
        ulong state = StripedRandom.Mix(seed ^ ((ulong)rest.Length << 16) ^ (uint)entry.Space);
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
            state = StripedRandom.Mix(state ^ BinaryPrimitives.ReadUInt64LittleEndian(rest)) + state;
        ulong last = 0;
        foreach (byte one in rest)
            last = (last << 8) | one;
        return StripedRandom.Mix(state ^ last);
    }
}
