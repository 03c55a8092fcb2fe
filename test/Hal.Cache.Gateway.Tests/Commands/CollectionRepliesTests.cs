namespace Hal.Cache.Gateway.Tests.Commands;

/// <summary>The bytes of collections' replies in both protocols, as redis-server gives them.</summary>
public sealed class CollectionRepliesTests
{
    [Theory]
    [InlineData("HGETALL h", "*2\r\n$1\r\nf\r\n$1\r\n1\r\n", "%1\r\n$1\r\nf\r\n$1\r\n1\r\n")]
    [InlineData("HGETALL none", "*0\r\n", "%0\r\n")]
    [InlineData("HGET h none", "$-1\r\n", "_\r\n")]
    [InlineData("HRANDFIELD h 1 WITHVALUES", "*2\r\n$1\r\nf\r\n$1\r\n1\r\n", "*1\r\n*2\r\n$1\r\nf\r\n$1\r\n1\r\n")]
    [InlineData("SMEMBERS s", "*1\r\n$1\r\na\r\n", "~1\r\n$1\r\na\r\n")]
    [InlineData("SINTER s none", "*0\r\n", "~0\r\n")]
    [InlineData("SRANDMEMBER s 5", "*1\r\n$1\r\na\r\n", "*1\r\n$1\r\na\r\n")]
    [InlineData("ZSCORE z m", "$3\r\n1.5\r\n", ",1.5\r\n")]
    [InlineData("ZRANGE z 0 -1 WITHSCORES", "*2\r\n$1\r\nm\r\n$3\r\n1.5\r\n", "*1\r\n*2\r\n$1\r\nm\r\n,1.5\r\n")]
    [InlineData("ZPOPMIN z", "*2\r\n$1\r\nm\r\n$3\r\n1.5\r\n", "*2\r\n$1\r\nm\r\n,1.5\r\n")]
    [InlineData("ZPOPMIN z 1", "*2\r\n$1\r\nm\r\n$3\r\n1.5\r\n", "*1\r\n*2\r\n$1\r\nm\r\n,1.5\r\n")]
    [InlineData("ZRANK z m WITHSCORE", "*2\r\n:0\r\n$3\r\n1.5\r\n", "*2\r\n:0\r\n,1.5\r\n")]
    [InlineData("ZRANK z none WITHSCORE", "*-1\r\n", "_\r\n")]
    [InlineData("ZSCAN z 0", "*2\r\n$1\r\n0\r\n*2\r\n$1\r\nm\r\n$3\r\n1.5\r\n", "*2\r\n$1\r\n0\r\n*2\r\n$1\r\nm\r\n$3\r\n1.5\r\n")]
    [InlineData("LPOP none 2", "*-1\r\n", "_\r\n")]
    [InlineData("LPOP l 0", "*0\r\n", "*0\r\n")]
    [InlineData("LMPOP 1 l LEFT COUNT 2", "*2\r\n$1\r\nl\r\n*2\r\n$1\r\nx\r\n$1\r\ny\r\n", "*2\r\n$1\r\nl\r\n*2\r\n$1\r\nx\r\n$1\r\ny\r\n")]
    [InlineData("GEOPOS g p", "*1\r\n*2\r\n$20\r\n13.36138933897018433\r\n$20\r\n38.11555639549629859\r\n", "*1\r\n*2\r\n,13.36138933897018433\r\n,38.11555639549629859\r\n")]
    [InlineData("HGET s f", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n", "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n")]
    public async Task Reply_has_the_bytes_of_the_protocol(string command, string two, string three)
    {
        foreach ((int protocol, string expected) in new[] { (2, two), (3, three) })
        {
            await using var host = new StringHost();
            await host.LineAsync("HSET h f 1");
            await host.LineAsync("SADD s a");
            await host.LineAsync("ZADD z 1.5 m");
            await host.LineAsync("RPUSH l x y z");
            await host.LineAsync("GEOADD g 13.361389 38.115556 p");
            host.Protocol = protocol;

            Assert.Equal(expected, await host.LineAsync(command));
        }
    }

    [Fact]
    public async Task A_streamed_element_changes_nothing_before_it_is_whole()
    {
        await using var host = new StringHost();
        string large = new('x', 100_000);

        string added = await host.RunAsync("HSET", "h", "f", "1", "g", large);

        Assert.Equal(":2\r\n", added);
        Assert.Equal($"$100000\r\n{large}\r\n", await host.LineAsync("HGET h g"));
    }

    [Fact]
    public async Task A_scan_of_a_large_hash_shows_what_stays_while_it_changes()
    {
        await using var host = new StringHost();
        for (int i = 0; i < 2000; i++) await host.LineAsync($"HSET h stays{i} v");
        var seen = new HashSet<string>();
        string cursor = "0";
        int round = 0;
        do
        {
            string[] lines = (await host.LineAsync($"HSCAN h {cursor} COUNT 50")).Split("\r\n");
            cursor = lines[2];
            seen.UnionWith(lines.Where(line => line.StartsWith("stays", StringComparison.Ordinal)));
            for (int i = 0; i < 20; i++) await host.LineAsync(round % 2 == 0 ? $"HSET h extra{round}:{i} v" : $"HDEL h extra{round - 1}:{i}");
            round++;
        }
        while (cursor != "0");

        Assert.Equal(2000, seen.Count);
    }
}
