using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Storage.Eviction;

namespace Hal.Cache.Storage.Tests.Eviction;

public sealed class LruPolicyTests : EvictionPolicyContract
{
    protected override IEvictionPolicy Create(int seed) => EvictionPolicies.Create("lru", seed);
}

public sealed class LfuPolicyTests : EvictionPolicyContract
{
    protected override IEvictionPolicy Create(int seed) => EvictionPolicies.Create("lfu", seed);
}

public sealed class S3FifoPolicyTests : EvictionPolicyContract
{
    protected override IEvictionPolicy Create(int seed) => EvictionPolicies.Create("s3fifo", seed);

    [Fact]
    public void Scan_leaves_what_is_in_use_where_lru_drops_it()
    {
        int kept = KeptAfterScan(Create(3));
        int keptByLru = KeptAfterScan(EvictionPolicies.Create("lru", 3));

        Assert.True(kept > 300 && kept > keptByLru, $"{kept} of 400 stayed, {keptByLru} with lru");
    }

    private static int KeptAfterScan(IEvictionPolicy policy)
    {
        const int capacity = 2000;
        const int used = 400;
        using var cache = new SegmentCache(policy, capacity);
        for (int round = 0; round < 5; round++)
        {
            for (int key = 0; key < used; key++)
            {
                cache.Request(key);
                for (int other = 1; round == 0 && other < capacity / used; other++) cache.Request((other * used) + key);
            }
        }

        for (int key = 0; key < 2 * capacity; key++) cache.Request(100_000 + key);
        return Enumerable.Range(0, used).Count(cache.Contains);
    }
}

public sealed class EvictionPoliciesTests
{
    [Fact]
    public void Create_knows_every_name_and_no_other()
    {
        Assert.All(EvictionPolicies.Names, name => Assert.Equal(name, EvictionPolicies.Create(name).Name));
        Assert.True(EvictionPolicies.Create("noeviction").KeepsAll);
        Assert.Throws<ArgumentException>(() => EvictionPolicies.Create("fifo"));
    }
}
