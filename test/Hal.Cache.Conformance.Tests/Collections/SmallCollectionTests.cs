using System.Globalization;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Conformance.Tests.Collections;

/// <summary>More small collections than stay structures: most are kept packed, and nobody sees a difference but in the memory that they take.</summary>
public sealed class SmallCollectionTests
{
    private const int Count = 5000; // of each type
    private const int Step = 97;

    private const string Load = """
        for i = 1, tonumber(ARGV[1]) do
          redis.call('HSET', 'h' .. i, 'name', 'n' .. i, 'age', i)
          redis.call('RPUSH', 'l' .. i, 'a', 'b' .. i)
          redis.call('SADD', 's' .. i, i, i + 1)
          redis.call('ZADD', 'z' .. i, i, 'm' .. i)
        end
        """;

    // The number of the keys that were changed by one is added to what must be there.
    private const string Check = """
        local wrong = {}
        for i = 1, tonumber(ARGV[1]) do
          local more = i % tonumber(ARGV[2]) == 0 and 1 or 0
          local hash, list = redis.call('HMGET', 'h' .. i, 'name', 'age'), redis.call('LRANGE', 'l' .. i, 0, -1)
          if hash[1] ~= 'n' .. i or tonumber(hash[2]) ~= i + more then wrong[#wrong + 1] = 'h' .. i end
          if #list ~= 2 + more or list[#list] ~= 'b' .. i then wrong[#wrong + 1] = 'l' .. i end
          if redis.call('SCARD', 's' .. i) ~= 2 + more or redis.call('SISMEMBER', 's' .. i, i + 1) ~= 1 then wrong[#wrong + 1] = 's' .. i end
          if tonumber(redis.call('ZSCORE', 'z' .. i, 'm' .. i)) ~= i + more then wrong[#wrong + 1] = 'z' .. i end
        end
        return wrong
        """;

    [Theory]
    [InlineData("none")]
    [InlineData("commit")]
    public void Many_small_collections_are_as_they_were_written_before_and_after_a_restart_and_take_little(string durability)
    {
        using var silo = SiloProcess.Started(new SiloProcessOptions { Durability = durability });
        using (var client = new RespTestClient(silo.Port))
        {
            var before = UsedBytes(client);
            client.Command("EVAL", Load, "0", Text(Count));
            Assert.Empty(client.Command("EVAL", Check, "0", Text(Count), Text(Count + 1)).Items!);
            Assert.True(SpinWait.SpinUntil(() => (UsedBytes(client) - before) / (4 * Count) < 290, TimeSpan.FromSeconds(60)), $"{UsedBytes(client) - before} bytes");

            for (var i = Step; i <= Count; i += Step) Change(client, i);

            Assert.Empty(client.Command("EVAL", Check, "0", Text(Count), Text(Step)).Items!);
        }

        if (durability == "commit") silo.Kill();
        else silo.Terminate();
        silo.Start();

        using var again = new RespTestClient(silo.Port);
        Assert.Equal(4 * Count, again.Command("DBSIZE").Number);
        for (var i = 1; i <= Count; i += 8) CheckKeys(again, i);
        for (var i = Step; i <= Count; i += 4 * Step) Assert.InRange(again.Command("PTTL", $"z{i}").Number, 1, 1_000_000);
    }

    private static void CheckKeys(RespTestClient client, int i)
    {
        var more = i % Step == 0 ? 1 : 0;
        Assert.Equal(["name", $"n{i}", "age", Text(i + more)], client.Command("HGETALL", $"h{i}").Items!.Select(item => item.Text));
        Assert.Equal(["a", $"b{i}"], client.Command("LRANGE", $"l{i}", "-2", "-1").Items!.Select(item => item.Text));
        Assert.Equal(2 + more, client.Command("SCARD", $"s{i}").Number);
        Assert.Equal(Text(i + more), client.Command("ZSCORE", $"z{i}", $"m{i}").Text);
    }

    private static void Change(RespTestClient client, int i)
    {
        Assert.Equal(
            ["listpack", "listpack", "intset", "listpack"],
            ((string[])["h", "l", "s", "z"]).Select(type => client.Command("OBJECT", "ENCODING", $"{type}{i}").Text));
        Assert.InRange(client.Command("MEMORY", "USAGE", $"h{i}").Number, 40, 400);
        Assert.Equal("OK", client.Command("RENAME", $"h{i}", "renamed").Text);
        Assert.Equal(i + 1, client.Command("HINCRBY", "renamed", "age", "1").Number);
        Assert.Equal("OK", client.Command("RENAME", "renamed", $"h{i}").Text);
        Assert.Equal(3, client.Command("LPUSH", $"l{i}", "first").Number);
        Assert.Equal(1, client.Command("COPY", $"s{i}", "copy").Number);
        Assert.Equal(1, client.Command("SADD", "copy", "-1").Number);
        Assert.Equal("OK", client.Command("RENAME", "copy", $"s{i}").Text);
        Assert.Equal(1, client.Command("PEXPIRE", $"z{i}", "1000000").Number);
        Assert.Equal(Text(i + 1), client.Command("ZINCRBY", $"z{i}", "1", $"m{i}").Text);
    }

    private static long UsedBytes(RespTestClient client)
    {
        const string field = "used_memory:";
        var info = client.Command("INFO", "memory").Text;
        var from = info.IndexOf(field, StringComparison.Ordinal) + field.Length;
        return long.Parse(info.AsSpan(from, info.IndexOf('\r', from) - from), CultureInfo.InvariantCulture);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
