using System.Buffers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;

namespace Hal.Cache.Client.Tests.Caching;

/// <summary>ASP.NET's distributed cache on a real silo; what expires is seen by the silo's own clock of the key.</summary>
public sealed class HalDistributedCacheTests(SiloFixture silo) : IClassFixture<SiloFixture>, IDisposable
{
    private const string Prefix = "app:";

    private readonly HalDistributedCache cache = new(silo.Options with { KeyPrefix = Prefix }, TimeProvider.System);
    private readonly RespTestClient redis = new(silo.Port);
    private readonly string key = Guid.NewGuid().ToString("N");

    public void Dispose()
    {
        cache.Dispose();
        redis.Dispose();
    }

    [Fact]
    public async Task What_is_set_is_got_byte_by_byte_until_it_is_removed()
    {
        byte[] value = [0, 13, 10, 255, 36];
        await cache.SetAsync(key, value, new DistributedCacheEntryOptions());
        var got = await cache.GetAsync(key);
        await cache.SetAsync(key, [], new DistributedCacheEntryOptions());
        var empty = await cache.GetAsync(key);
        await cache.RemoveAsync(key);
        await cache.RemoveAsync(key);

        Assert.Equal(value, got!);
        Assert.Equal([], empty!);
        Assert.Null(await cache.GetAsync(key));
    }

    [Fact]
    public async Task A_value_of_megabytes_goes_by_buffers()
    {
        var value = new byte[5_000_000];
        new Random(1).NextBytes(value);
        await cache.SetAsync(key, new ReadOnlySequence<byte>(value), new DistributedCacheEntryOptions());
        var buffer = new ArrayBufferWriter<byte>();

        Assert.True(await cache.TryGetAsync(key, buffer));
        Assert.True(buffer.WrittenSpan.SequenceEqual(value));
        Assert.False(await cache.TryGetAsync("none", buffer));
    }

    [Fact]
    public async Task An_entry_without_an_end_has_none_and_one_with_an_end_is_not_prolonged_by_reading()
    {
        await cache.SetAsync(key, [1], new DistributedCacheEntryOptions());
        var endless = Left();
        await cache.SetAsync(key, [1], new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(100) });
        Assert.True(redis.Command("PEXPIRE", Prefix + key, "50000").Number == 1);
        await cache.GetAsync(key);

        Assert.Equal(-1, endless);
        Assert.InRange(Left(), 1, 50_000);
    }

    [Fact]
    public async Task A_sliding_entry_is_prolonged_by_reading_and_refreshing_but_not_beyond_its_end()
    {
        var entry = new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromSeconds(100) };
        await cache.SetAsync(key, [1], entry);
        redis.Command("PEXPIRE", Prefix + key, "50000");
        await cache.GetAsync(key);
        var read = Left();
        redis.Command("PEXPIRE", Prefix + key, "50000");
        await cache.RefreshAsync(key);
        var refreshed = Left();
        await cache.SetAsync(key, [1], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromSeconds(100), AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(70) });
        var bounded = Left();
        await cache.GetAsync(key);

        Assert.InRange(read, 50_001, 100_000);
        Assert.InRange(refreshed, 50_001, 100_000);
        Assert.InRange(bounded, 1, 70_000);
        Assert.InRange(Left(), 1, 70_000);
    }

    [Fact]
    public async Task An_entry_that_has_ended_is_gone_and_an_end_in_the_past_is_refused()
    {
        await cache.SetAsync(key, [1], new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(100) });
        redis.Command("PEXPIREAT", Prefix + key, "1");

        Assert.Null(await cache.GetAsync(key));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => cache.SetAsync(key, [1], new DistributedCacheEntryOptions { AbsoluteExpiration = DateTimeOffset.UnixEpoch }));
    }

    [Fact]
    public async Task A_new_value_takes_the_place_and_the_lifetime_of_the_old()
    {
        await cache.SetAsync(key, [1], new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(100) });
        await cache.SetAsync(key, [2], new DistributedCacheEntryOptions());

        Assert.Equal([2], (await cache.GetAsync(key))!);
        Assert.Equal(-1, Left());
    }

    [Fact]
    public void Calls_that_block_do_the_same()
    {
        cache.Set(key, [7], new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromSeconds(100) });
        cache.Refresh(key);
        var got = cache.Get(key);
        cache.Remove(key);

        Assert.Equal([7], got!);
        Assert.Null(cache.Get(key));
    }

    [Fact]
    public async Task Many_callers_share_a_connection_and_each_gets_its_own()
    {
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async caller =>
        {
            for (var i = 0; i < 20; i++)
            {
                await cache.SetAsync($"{key}-{caller}", [(byte)caller, (byte)i], new DistributedCacheEntryOptions());
                Assert.Equal([(byte)caller, (byte)i], (await cache.GetAsync($"{key}-{caller}"))!);
            }
        }));
    }

    [Fact]
    public async Task A_key_of_another_type_is_told_and_the_connection_goes_on()
    {
        redis.Command("SET", Prefix + key, "a string");

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => cache.GetAsync(key));

        Assert.Contains("WRONGTYPE", failure.Message, StringComparison.Ordinal);
        Assert.Null(await cache.GetAsync("none"));
    }

    [Fact]
    public async Task A_connection_that_the_silo_closed_is_opened_again()
    {
        await cache.SetAsync(key, [1], new DistributedCacheEntryOptions());
        redis.Command("CLIENT", "KILL", "SKIPME", "yes", "TYPE", "normal");

        Assert.Equal([1], (await cache.GetAsync(key))!);
    }

    [Fact]
    public async Task A_cache_that_was_disposed_of_says_so_and_may_be_disposed_of_again()
    {
        var own = new HalDistributedCache(silo.Options, TimeProvider.System);
        await own.GetAsync(key);
        await own.DisposeAsync();
        own.Dispose();

        Assert.Contains(nameof(HalDistributedCache), (await Assert.ThrowsAsync<ObjectDisposedException>(() => own.GetAsync(key))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_and_nobody_there_are_told()
    {
        await using var stranger = new HalDistributedCache(silo.Options with { Password = "wrong" }, TimeProvider.System);
        await using var nobody = new HalDistributedCache(new HalCacheOptions { Port = FreePort.Next() }, TimeProvider.System);

        Assert.Contains("refused the password", (await Assert.ThrowsAsync<IOException>(() => stranger.GetAsync(key))).Message, StringComparison.Ordinal);
        Assert.Contains("can't be reached", (await Assert.ThrowsAsync<IOException>(() => nobody.GetAsync(key))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_registers_in_one_call_and_checks_its_settings()
    {
        using var services = new ServiceCollection().AddHalDistributedCache(silo.Options).BuildServiceProvider();

        Assert.IsType<HalDistributedCache>(services.GetRequiredService<IDistributedCache>());
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddHalDistributedCache(new HalCacheOptions { Port = 0 }));
    }

    private long Left() => redis.Command("PTTL", Prefix + key).Number;
}
