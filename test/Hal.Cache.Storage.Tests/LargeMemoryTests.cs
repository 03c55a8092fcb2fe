using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.ContractSuites.Storage;
using Hal.Cache.Storage.Eviction;

namespace Hal.Cache.Storage.Tests;

/// <summary>What large values take of a store in memory, and what happens when it is full of them.</summary>
public sealed class LargeMemoryTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly BlobStoreOptions Options = new() { MemoryBytes = BlobStoreOptions.MemoryBytesMin };

    [Theory]
    [InlineData(17 << 10)]
    [InlineData(30 << 10)]
    [InlineData(65 << 10)]
    [InlineData(100 << 10)]
    public async Task A_value_takes_little_more_memory_than_it_is_long(int length)
    {
        await using IBlobStore store = BlobStores.Open(Options, EvictionPolicies.Create("noeviction", 1), TimeProvider.System).Value;
        int count = 0;
        while (await store.TrySetAsync($"k{count}", new byte[length]) == null) count++;

        Assert.True(count * (long)length > Options.MemoryBytes * 0.7, $"{count} values of {length} bytes");
        Assert.True(store.Statistics.MemoryPeakBytes <= Options.MemoryBytes, $"{store.Statistics.MemoryPeakBytes}");
    }

    [Fact]
    public async Task Values_of_another_size_find_room_after_most_of_the_first_went()
    {
        await using IBlobStore store = BlobStores.Open(Options, EvictionPolicies.Create("noeviction", 1), TimeProvider.System).Value;
        int count = 0;
        while (await store.TrySetAsync($"k{count}", new byte[17 << 10]) == null) count++;
        for (int index = 0; index < count; index++)
        {
            if (index % 6 != 0) Assert.True(store.Delete($"k{index}"));
        }

        int longer = 0;
        while (await store.TrySetAsync($"longer{longer}", new byte[64 << 10]) == null) longer++;

        Assert.True(longer * 65536L > Options.MemoryBytes * 0.5, $"{longer} of 64 KiB found room");
    }

    [Fact]
    public async Task Many_threads_that_fill_a_store_with_large_values_all_come_to_an_end()
    {
        await using IBlobStore store = BlobStores.Open(Options, EvictionPolicies.Create("lru", 1), TimeProvider.System).Value;

        await Task.WhenAll(Enumerable.Range(0, 16).Select(worker => Task.Run(async () =>
        {
            for (int step = 0; step < 150; step++) await store.SetAsync($"w{worker}:{step}", new byte[150_000]);
        }))).WaitAsync(Patience);

        Assert.True(store.Statistics.Evicted > 0);
        Assert.True(store.Statistics.MemoryPeakBytes <= Options.MemoryBytes, $"{store.Statistics.MemoryPeakBytes}");
    }
}
