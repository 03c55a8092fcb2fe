using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Storage.Eviction;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>maxmemory-clients, and what CLIENT LIST and INFO tell of the memory that clients take.</summary>
public sealed class ClientEvictionTests
{
    private static readonly string Value = new('v', 60_000);

    [Fact]
    public async Task Clients_that_take_most_are_cut_until_the_others_take_less_than_the_limit()
    {
        await using var host = new ServerHost();
        await QueueAsync(host, "some", 3);
        await QueueAsync(host, "most", 30);
        await QueueAsync(host, "much", 20);
        await host["a"].RunAsync(["CONFIG", "SET", "maxmemory-clients", "1mb"]);

        host.Time.Advance(ClientEviction.Interval);

        Assert.True(host["most"].IsCut);
        Assert.True(host["much"].IsCut);
        Assert.False(host["some"].IsCut);
        Assert.False(host["a"].IsCut);
        Assert.Contains("evicted_clients:2\r\n", await host["a"].RunAsync(["INFO", "stats"]), StringComparison.Ordinal);
        await host["a"].RunAsync(["CONFIG", "RESETSTAT"]);
        Assert.Contains("evicted_clients:0\r\n", await host["a"].RunAsync(["INFO", "stats"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_with_no_evict_counts_and_is_not_cut()
    {
        await using var host = new ServerHost();
        await host["most"].RunAsync(["CLIENT", "NO-EVICT", "ON"]);
        await QueueAsync(host, "most", 30);
        await QueueAsync(host, "some", 3);
        await host["a"].RunAsync(["CLIENT", "NO-EVICT", "ON"]);
        await host["a"].RunAsync(["CONFIG", "SET", "maxmemory-clients", "1mb"]);

        host.Time.Advance(ClientEviction.Interval);

        Assert.False(host["most"].IsCut);
        Assert.True(host["some"].IsCut);
        Assert.False(host["a"].IsCut);
    }

    [Theory]
    [InlineData("2%", true)]
    [InlineData("10%", false)]
    [InlineData("0", false)]
    [InlineData("0%", false)]
    [InlineData("1", true)]
    public async Task The_limit_is_bytes_or_a_part_of_maxmemory_and_zero_is_none(string limit, bool isCut)
    {
        await using var host = new ServerHost(EvictionPolicies.Create("noeviction"));
        await QueueAsync(host, "most", 30);
        await host["a"].RunAsync(["CONFIG", "SET", "maxmemory", "64mb", "maxmemory-clients", limit]);

        host.Time.Advance(ClientEviction.Interval);

        Assert.Equal(isCut, host["most"].IsCut);
        Assert.False(host["a"].IsCut);
    }

    [Fact]
    public async Task A_limit_that_was_taken_back_cuts_nobody()
    {
        await using var host = new ServerHost();
        await QueueAsync(host, "most", 30);
        await host["a"].RunAsync(["CONFIG", "SET", "maxmemory-clients", "1mb"]);
        await host["a"].RunAsync(["CONFIG", "SET", "maxmemory-clients", "0"]);

        host.Time.Advance(ClientEviction.Interval * 10);

        Assert.False(host["most"].IsCut);
    }

    [Fact]
    public async Task Watched_keys_and_subscriptions_count_until_they_are_given_up()
    {
        await using var host = new ServerHost();
        string[] names = [.. Enumerable.Range(0, 10).Select(number => number + new string('n', 30_000))];
        long before = ClientMemory.Of(host["b"].Session).Names;

        await host["b"].RunAsync(["WATCH", .. names]);
        long watching = ClientMemory.Of(host["b"].Session).Names;
        await host["b"].RunAsync(["UNWATCH"]);
        long unwatched = ClientMemory.Of(host["b"].Session).Names;
        await host["b"].RunAsync(["SUBSCRIBE", .. names]);
        long listening = ClientMemory.Of(host["b"].Session).Names;
        await host["b"].RunAsync(["UNSUBSCRIBE"]);

        Assert.Equal(0, before);
        Assert.InRange(watching, 300_000, 310_000);
        Assert.Equal(0, unwatched);
        Assert.InRange(listening, 300_000, 310_000);
        Assert.Equal(0, ClientMemory.Of(host["b"].Session).Names);
    }

    [Fact]
    public async Task CLIENT_LIST_and_INFO_tell_what_clients_take()
    {
        await using var host = new ServerHost();
        await QueueAsync(host, "most", 10);

        string list = await host["a"].RunAsync(["CLIENT", "LIST", "ID", $"{host["most"].Session.Id}"]);
        string info = await host["a"].RunAsync(["INFO", "memory"]);

        Assert.InRange(Field(list, " multi-mem="), 600_000, 610_000);
        Assert.InRange(Field(list, " tot-mem="), 610_000, 800_000);
        Assert.InRange(Field(info, "mem_clients_normal:"), 610_000, 900_000);
    }

    private static long Field(string text, string name)
    {
        string rest = text[(text.IndexOf(name, StringComparison.Ordinal) + name.Length)..];
        return long.Parse(rest[..rest.IndexOfAny([' ', '\r'])], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task QueueAsync(ServerHost host, string client, int values)
    {
        await host[client].RunAsync(["MULTI"]);
        for (int i = 0; i < values; i++) await host[client].RunAsync(["SET", $"k{i}", Value]);
    }
}
