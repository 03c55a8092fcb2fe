using System.Globalization;
using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Commands;

/// <summary>DEBUG DIGEST and DIGEST-VALUE: the same data has the same digests in the silo and in redis-server.</summary>
public sealed class DigestTests(ITestOutputHelper output)
{
    private static readonly string[][] Data =
    [
        ["SET", "s", "v"], ["SET", "i", "12345"], ["SETEX", "e", "1000", "v"], ["SET", "large", new string('x', 300_000)],
        ["RPUSH", "l", "a", "1", "-5", new string('y', 300)], ["RPUSH", "long", .. Numbers(600, i => $"{i}")],
        ["SADD", "integers", "1", "2", "300"], ["SADD", "words", "a", "b", "1"], ["SADD", "many", .. Numbers(700, i => $"m{i}")],
        ["ZADD", "z", "1.5", "a", "0.1", "b", "inf", "c", "-inf", "d", "1e20", "e", "1e-7", "f", "123456789012345678", "g"],
        ["ZADD", "zmany", .. Numbers(300, i => (i * 1.1).ToString(CultureInfo.InvariantCulture)).Zip(Numbers(300, i => $"m{i}")).SelectMany(pair => new[] { pair.First, pair.Second })],
        ["HSET", "h", "f", "v", "n", "12"], ["HSET", "hmany", .. Numbers(600, i => $"f{i}")],
        ["XADD", "x", "1-1", "a", "b"], ["XADD", "x", "2-5", "c", "d", "e", "f"], ["XDEL", "x", "1-1"], ["DEBUG", "POPULATE", "200", "p", "20"],
    ];

    [Fact]
    public void The_same_data_has_the_same_digests_as_in_redis_server()
    {
        using IServerUnderTest? redis = ServersUnderTest.Start("redis", output, redis: ["--enable-debug-command", "yes"]);
        if (redis is null) return;
        using IServerUnderTest silo = ServersUnderTest.Start("silo", output)!;

        string[] theirs = Digests(redis), ours = Digests(silo);

        Assert.Equal(theirs, ours);
        Assert.Equal(ours.Length, ours.Distinct().Count());
    }

    private static string[] Digests(IServerUnderTest server)
    {
        using var client = new RespTestClient(server.Port);
        foreach (string[] command in Data) client.Command(command);
        string[] keys = [.. Data.Where(command => command[0] != "DEBUG").Select(command => command[1]).Distinct()];
        string[] values = [.. client.Command(["DEBUG", "DIGEST-VALUE", .. keys]).Items!.Select(item => item.Text!)];
        client.Command("SELECT", "3");
        client.Command("SET", "elsewhere", "v");
        return [.. values, client.Command("DEBUG", "DIGEST").Text!];
    }

    private static string[] Numbers(int count, Func<int, string> text) => [.. Enumerable.Range(0, count).Select(text)];
}
