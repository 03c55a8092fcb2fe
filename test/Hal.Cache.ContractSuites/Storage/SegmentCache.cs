using System.Runtime.InteropServices;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.ContractSuites.Storage;

/// <summary>A cache of small entries in a log of segments: when it is full, the oldest segment is walked, and what the policy keeps goes to the tail.</summary>
public sealed unsafe class SegmentCache(IEvictionPolicy policy, int capacity) : IDisposable
{
    private const int RequestsPerSecond = 64;
    private const double KeepShare = 0.5;
    private const int Segments = 20;

    private readonly Dictionary<int, nint> entries = [];
    private readonly Queue<int> log = [];
    private int requests;

    private uint Clock => (uint)(requests / RequestsPerSecond);

    /// <summary>Reads a key, which is added where it is missing; whether it was there.</summary>
    public bool Request(int key, EntryFlags flags = EntryFlags.None)
    {
        requests++;
        if (entries.TryGetValue(key, out nint there))
        {
            policy.Read(new EntryRef((EntryHeader*)there), Clock);
            return true;
        }

        var header = (EntryHeader*)NativeMemory.AllocZeroed(EntryHeader.Bytes + sizeof(int));
        (header->KeyBytes, header->Flags, header->Type) = (sizeof(int), EntryFlags.InUse | flags, BlobType.String);
        MemoryMarshal.Write(new Span<byte>((byte*)header + EntryHeader.Bytes, sizeof(int)), key);
        entries.Add(key, (nint)header);
        log.Enqueue(key);
        policy.Added(new EntryRef(header), Clock);
        while (entries.Count > capacity) WalkSegment();
        return false;
    }

    public bool Contains(int key) => entries.ContainsKey(key);

    /// <summary>How many of all entries the policy would keep; none is removed.</summary>
    public int KeptOf(ReclaimTier tier, double share) => Kept(tier, share).Count();

    /// <summary>Which of all entries the policy would keep; none is removed.</summary>
    public IEnumerable<int> Kept(ReclaimTier tier, double share) =>
        entries.Where(entry => Keeps(entry.Value, tier, share)).Select(entry => entry.Key);

    public void Dispose()
    {
        foreach (nint entry in entries.Values) NativeMemory.Free((void*)entry);
        entries.Clear();
    }

    private bool Keeps(nint entry, ReclaimTier tier, double share) =>
        policy.Keep(new EntryRef((EntryHeader*)entry), new ReclaimContext(tier, Clock, share));

    private void WalkSegment()
    {
        for (int walked = Math.Min(capacity / Segments, log.Count); walked > 0; walked--)
        {
            int key = log.Dequeue();
            var entry = new EntryRef((EntryHeader*)entries[key]);
            if (policy.Keep(entry, new ReclaimContext(ReclaimTier.Store, Clock, KeepShare, IsOldest: true)))
            {
                log.Enqueue(key);
                continue;
            }

            policy.Removed(entry);
            entries.Remove(key);
            NativeMemory.Free(entry.Header);
        }
    }
}
