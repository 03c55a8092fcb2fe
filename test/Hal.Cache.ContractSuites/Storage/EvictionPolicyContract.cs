using Hal.Cache.Contracts.Storage;
using Xunit;

namespace Hal.Cache.ContractSuites.Storage;

/// <summary>What every <see cref="IEvictionPolicy"/> promises that drops what clients wrote.</summary>
public abstract class EvictionPolicyContract
{
    private const int Capacity = 2000;
    private const int Keys = 20_000;
    private const int Requests = 200_000;
    private const int Seed = 17;

    protected abstract IEvictionPolicy Create(int seed);

    [Fact]
    public void Keep_keeps_nothing_when_no_share_may_stay()
    {
        using var cache = new SegmentCache(Create(Seed), Capacity);
        for (int key = 0; key < Capacity / 2; key++) cache.Request(key);

        Assert.Equal(0, cache.KeptOf(ReclaimTier.Store, 0));
        Assert.Equal(0, cache.KeptOf(ReclaimTier.Memory, 0));
    }

    [Theory]
    [InlineData(ReclaimTier.Memory)]
    [InlineData(ReclaimTier.Store)]
    public void Keep_keeps_about_the_share_at_most(ReclaimTier tier)
    {
        using var cache = new SegmentCache(Create(Seed), Capacity);
        for (int round = 0; round < 4; round++)
        {
            for (int key = 0; key < Capacity / 2; key++) cache.Request(key);
        }

        Assert.InRange(cache.KeptOf(tier, 0.5), 1, Capacity / 2 * 0.6);
    }

    [Fact]
    public void Keep_gives_up_objects_of_an_origin_before_what_clients_wrote()
    {
        using var cache = new SegmentCache(Create(Seed), Capacity);
        for (int round = 0; round < 4; round++)
        {
            for (int key = 0; key < Capacity / 2; key++) cache.Request(key, IsClean(key) ? EntryFlags.Clean : EntryFlags.None);
        }

        int[] kept = [.. cache.Kept(ReclaimTier.Store, 0.5)];

        int clean = kept.Count(IsClean);
        int written = kept.Length - clean;
        Assert.True(written > Capacity / 4 * 0.8, $"{written} of about {Capacity / 4} stayed");
        Assert.True(clean < Capacity / 4 * 0.1, $"{clean} of an origin's {Capacity / 4} stayed");
    }

    [Fact]
    public void Keep_in_memory_makes_no_difference_between_an_origins_objects_and_others()
    {
        using var cache = new SegmentCache(Create(Seed), Capacity);
        for (int round = 0; round < 4; round++)
        {
            for (int key = 0; key < Capacity / 2; key++) cache.Request(key, IsClean(key) ? EntryFlags.Clean : EntryFlags.None);
        }

        int[] kept = [.. cache.Kept(ReclaimTier.Memory, 0.5)];

        Assert.InRange(kept.Count(IsClean), kept.Length * 0.3, kept.Length * 0.7);
    }

    [Fact]
    public void Hit_rate_on_a_skewed_trace_is_clearly_above_that_of_a_queue()
    {
        double queue = HitRate(new QueuePolicy());

        double rate = HitRate(Create(Seed));

        Assert.True(rate > queue + 0.03, $"seed {Seed}: {rate:F3}, a queue has {queue:F3}");
    }

    // About one in two, without a pattern that a walk could fall into step with.
    private static bool IsClean(int key) => ((uint)key * 2_654_435_761u >> 16) % 2 == 0;

    private static double HitRate(IEvictionPolicy policy)
    {
        var random = new Random(Seed);
        using var cache = new SegmentCache(policy, Capacity);
        int hits = 0;
        for (int i = 0; i < Requests; i++)
        {
            // Inverse of a Zipf law with exponent 1: ranks spread evenly over the logarithm.
            int key = (int)Math.Pow(Keys, random.NextDouble());
            bool hit = cache.Request(key);
            if (hit && i >= Requests / 4) hits++;
        }

        return hits / (Requests * 0.75);
    }

    private sealed class QueuePolicy : IEvictionPolicy
    {
        public string Name => "queue";

        public bool KeepsAll => false;

        public void Added(in EntryRef entry, uint clock)
        {
        }

        public void Read(in EntryRef entry, uint clock)
        {
        }

        public void Removed(in EntryRef entry)
        {
        }

        public bool Keep(in EntryRef entry, in ReclaimContext reclaim) => false;
    }
}
