using System.Runtime.InteropServices;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Eviction;

namespace Hal.Cache.Storage.Tests.Eviction;

/// <summary>What is used while a stream goes through stays, whenever the walk over the log's old end comes to it.</summary>
public sealed unsafe class OldestWalkTests : IDisposable
{
    private const int Seed = 11;
    private const double KeepShare = 0.5;

    private readonly List<nint> entries = [];

    public static TheoryData<string> Policies => ["lru", "lfu", "s3fifo"];

    public void Dispose()
    {
        foreach (nint entry in entries) NativeMemory.Free((void*)entry);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void What_is_used_stays_where_the_walk_begins_with_it(string name)
    {
        IEvictionPolicy policy = EvictionPolicies.Create(name, Seed);

        Assert.True(Keeps(policy, Used(policy, 0), 1));
    }

    // A stream that becomes faster: each that is walked is younger than all before it.
    [Theory]
    [MemberData(nameof(Policies))]
    public void What_is_used_stays_behind_many_that_are_not_and_are_ever_younger(string name)
    {
        const uint now = 1 << 16;
        for (int others = 1; others <= 40; others++)
        {
            IEvictionPolicy policy = EvictionPolicies.Create(name, Seed);
            uint age = now;
            for (int walked = 0; walked < others; walked++, age -= (age / 5) + 1)
                Assert.False(Keeps(policy, Added(policy, now - age), now));

            Assert.True(Keeps(policy, Used(policy, now), now), $"gone behind {others}");
        }
    }

    // A machine that stands still for a while: what is used has not been for longer than those that went before were there.
    [Theory]
    [MemberData(nameof(Policies))]
    public void What_is_used_stays_though_it_is_older_than_what_went_before_it(string name)
    {
        IEvictionPolicy policy = EvictionPolicies.Create(name, Seed);
        for (int index = 0; index < 200; index++)
            Assert.False(Keeps(policy, Added(policy, 10), 10));

        Assert.True(Keeps(policy, Used(policy, 10), 14));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Of_what_is_all_used_about_the_share_stays(string name)
    {
        IEvictionPolicy policy = EvictionPolicies.Create(name, Seed);
        int kept = Enumerable.Range(0, 2000).Count(_ => Keeps(policy, Used(policy, 1), 1));

        Assert.InRange(kept, 800, 1200);
    }

    private static bool Keeps(IEvictionPolicy policy, nint entry, uint clock) =>
        policy.Keep(new EntryRef((EntryHeader*)entry), new ReclaimContext(ReclaimTier.Store, clock, KeepShare, IsOldest: true));

    private nint Used(IEvictionPolicy policy, uint clock)
    {
        nint entry = Added(policy, clock);
        policy.Read(new EntryRef((EntryHeader*)entry), clock);
        return entry;
    }

    private nint Added(IEvictionPolicy policy, uint clock)
    {
        var header = (EntryHeader*)NativeMemory.AllocZeroed(EntryHeader.Bytes + sizeof(int));
        (header->KeyBytes, header->Flags, header->Type) = (sizeof(int), EntryFlags.InUse | EntryFlags.Clean, BlobType.String);
        MemoryMarshal.Write(new Span<byte>((byte*)header + EntryHeader.Bytes, sizeof(int)), entries.Count);
        entries.Add((nint)header);
        policy.Added(new EntryRef(header), clock);
        return (nint)header;
    }
}
