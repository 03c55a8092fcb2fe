using System.Globalization;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Conformance.Tests.Collections;

/// <summary>Where collections change their encoding, as Redis 7.2 does by its parameters.</summary>
public sealed class EncodingTests
{
    [Theory]
    [InlineData("HSET k {0} v", 3, "listpack", "hashtable", "hash-max-listpack-entries 3")]
    [InlineData("HSET k {0} v", 3, "listpack", "hashtable", "hash-max-ziplist-entries 3")]
    [InlineData("SADD k {0}", 5, "intset", "hashtable", "set-max-intset-entries 5 set-max-listpack-entries 4")]
    [InlineData("SADD k m{0}", 4, "listpack", "hashtable", "set-max-listpack-entries 4")]
    [InlineData("ZADD k {0} m{0}", 4, "listpack", "skiplist", "zset-max-listpack-entries 4")]
    [InlineData("ZADD k {0} m{0}", 4, "listpack", "skiplist", "zset-max-ziplist-entries 4")]
    [InlineData("RPUSH k {0}", 6, "listpack", "quicklist", "list-max-listpack-size 6")]
    [InlineData("LPUSH k {0}", 6, "listpack", "quicklist", "list-max-ziplist-size 6")]
    public void Encoding_changes_behind_the_limit(string add, int most, string before, string after, string parameters)
    {
        using var silo = SiloProcess.Started();
        using var client = new RespTestClient(silo.Port);
        Assert.Equal("OK", client.Command(["CONFIG", "SET", .. parameters.Split(' ')]).Text);

        for (var i = 1; i <= most; i++) client.Command(string.Format(CultureInfo.InvariantCulture, add, i).Split(' '));
        var full = client.Command("OBJECT", "ENCODING", "k").Text;
        client.Command(string.Format(CultureInfo.InvariantCulture, add, most + 1).Split(' '));
        var beyond = client.Command("OBJECT", "ENCODING", "k").Text;

        Assert.Equal((before, after), (full, beyond));
    }

    [Theory]
    [InlineData("HSET k f {0}", "listpack", "hashtable")]
    [InlineData("SADD k {0}", "listpack", "hashtable")]
    [InlineData("ZADD k 1 {0}", "listpack", "skiplist")]
    public void Encoding_changes_with_an_element_of_more_than_64_bytes(string add, string before, string after)
    {
        using var silo = SiloProcess.Started();
        using var client = new RespTestClient(silo.Port);

        client.Command(string.Format(CultureInfo.InvariantCulture, add, new string('x', 64)).Split(' '));
        var full = client.Command("OBJECT", "ENCODING", "k").Text;
        client.Command(string.Format(CultureInfo.InvariantCulture, add, new string('y', 65)).Split(' '));

        Assert.Equal((before, after), (full, client.Command("OBJECT", "ENCODING", "k").Text));
    }

    [Fact]
    public void A_list_that_shrank_to_half_of_a_node_is_compact_again()
    {
        using var silo = SiloProcess.Started();
        using var client = new RespTestClient(silo.Port);
        var long1 = new string('x', 5000);
        client.Command("RPUSH", "k", long1, long1, "a");
        Assert.Equal("quicklist", client.Command("OBJECT", "ENCODING", "k").Text);

        client.Command("LPOP", "k", "2");

        Assert.Equal("listpack", client.Command("OBJECT", "ENCODING", "k").Text);
    }

    [Fact]
    public void Integers_with_one_string_become_a_listpack()
    {
        using var silo = SiloProcess.Started();
        using var client = new RespTestClient(silo.Port);
        client.Command("SADD", "k", "1", "2");
        Assert.Equal("intset", client.Command("OBJECT", "ENCODING", "k").Text);

        client.Command("SADD", "k", "a");

        Assert.Equal("listpack", client.Command("OBJECT", "ENCODING", "k").Text);
    }

    [Fact]
    public void Collections_are_there_again_after_a_kill()
    {
        using var silo = SiloProcess.Started(new SiloProcessOptions { Durability = "commit" });
        using (var client = new RespTestClient(silo.Port))
        {
            client.Command("HSET", "h", "f", "1", "g", "2");
            client.Command("HINCRBY", "h", "f", "41");
            client.Command("RPUSH", "l", "a", "b", "c");
            client.Command("LMOVE", "l", "l2", "LEFT", "RIGHT");
            client.Command("SADD", "s", "1", "2", "x");
            client.Command("SREM", "s", "2");
            for (var i = 0; i < 300; i++) client.Command("ZADD", "z", (i % 7).ToString(CultureInfo.InvariantCulture), $"m{i}");
            client.Command("ZREMRANGEBYSCORE", "z", "1", "5");
            client.Command("ZADD", "z", "INCR", "2.5", "m0");
        }

        silo.Kill();
        silo.Start();

        using var again = new RespTestClient(silo.Port);
        Assert.Equal(["f", "42", "g", "2"], Texts(again.Command("HGETALL", "h")));
        Assert.Equal(["b", "c"], Texts(again.Command("LRANGE", "l", "0", "-1")));
        Assert.Equal(["a"], Texts(again.Command("LRANGE", "l2", "0", "-1")));
        Assert.Equal(["1", "x"], Texts(again.Command("SMEMBERS", "s")).Order());
        Assert.Equal("2.5", again.Command("ZSCORE", "z", "m0").Text);
        Assert.Equal(300 - (5 * 43), again.Command("ZCARD", "z").Number);
        Assert.Equal("skiplist", again.Command("OBJECT", "ENCODING", "z").Text);
    }

    private static IEnumerable<string> Texts(RespTestReply reply) => reply.Items!.Select(item => item.Text);
}
