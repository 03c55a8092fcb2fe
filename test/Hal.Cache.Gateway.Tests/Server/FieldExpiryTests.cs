using System.Text;
using Hal.Cache.Node.Values;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>Each row runs a script (see <see cref="ServerHost.RunAsync"/>) and names all that client a gets; the clock begins at 1,728,000,000 s.</summary>
public sealed class FieldExpiryTests
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(10);

    private const string H = "a>HSET h x 1 y 2; ";

    [Theory]
    [InlineData(H + "a>HEXPIRE h 10 FIELDS 2 x none; a>HTTL h FIELDS 3 x y none", ":2|*2|:1|:-2|*3|:10|:-1|:-2")]
    [InlineData(H + "a>HPEXPIRE h 1500 FIELDS 1 x; a>HPTTL h FIELDS 1 x; a>HTTL h FIELDS 1 x; a>HEXPIRETIME h FIELDS 1 x; a>HPEXPIRETIME h FIELDS 1 x",
        ":2|*1|:1|*1|:1500|*1|:2|*1|:1728000002|*1|:1728000001500")]
    [InlineData(H + "a>HEXPIREAT h 1728000009 FIELDS 1 x; a>HTTL h FIELDS 1 x; a>HPEXPIREAT h 1728000008001 FIELDS 1 x; a>HPTTL h FIELDS 1 x", ":2|*1|:1|*1|:9|*1|:1|*1|:8001")]
    [InlineData(H + "a>HEXPIRE h 0 FIELDS 1 x; a>HGETALL h; a>HPEXPIREAT h 1 FIELDS 1 y; a>EXISTS h", ":2|*1|:2|*2|$1|y|$1|2|*1|:2|:0")]
    [InlineData(H + "a>HEXPIRE h 10 NX FIELDS 1 x; a>HEXPIRE h 20 NX FIELDS 2 x y; a>HEXPIRE h 30 XX FIELDS 2 x none; a>HPERSIST h FIELDS 1 y; a>HEXPIRE h 30 XX FIELDS 1 y",
        ":2|*1|:1|*2|:0|:1|*2|:1|:-2|*1|:1|*1|:0")]
    [InlineData(H + "a>HEXPIRE h 10 GT FIELDS 1 x; a>HEXPIRE h 10 LT FIELDS 1 x; a>HEXPIRE h 9 GT FIELDS 1 x; a>HEXPIRE h 11 LT FIELDS 1 x; a>HEXPIRE h 10 GT FIELDS 1 x; "
        + "a>HEXPIRE h 10 LT FIELDS 1 x; a>HEXPIRE h 11 gt fields 1 x; a>HEXPIRE h 1 lt FIELDS 1 x; a>HTTL h FIELDS 1 x",
        ":2|*1|:0|*1|:1|*1|:0|*1|:0|*1|:0|*1|:0|*1|:1|*1|:1|*1|:1")]
    [InlineData(H + "a>HEXPIRE h 0 NX FIELDS 2 x y; a>EXISTS h", ":2|*2|:2|:2|:0")]
    [InlineData(H + "a>HEXPIRE h 10 FIELDS 1 x; a>HPERSIST h FIELDS 3 x y none; a>HTTL h FIELDS 1 x; a>HPERSIST none FIELDS 1 x; a>HTTL none FIELDS 2 x y; a>HEXPIRE none 1 FIELDS 1 x",
        ":2|*1|:1|*3|:1|:-1|:-2|*1|:-1|*1|:-2|*2|:-2|:-2|*1|:-2")]
    [InlineData("a>HEXPIRE h 1 FIELDS 1; a>HTTL h FIELDS 1; a>HPERSIST h", "-ERR wrong number of arguments for 'hexpire' command|-ERR wrong number of arguments for 'httl' command|"
        + "-ERR wrong number of arguments for 'hpersist' command")]
    [InlineData("a>HEXPIRE h x FIELDS 1 f; a>HEXPIRE h -1 FIELDS 1 f; a>HEXPIRE h 70368744178 FIELDS 1 f; a>HPEXPIRE h 70368744177663 FIELDS 1 f; a>HPEXPIREAT h 70368744177664 FIELDS 1 f",
        "-ERR value is not an integer or out of range|-ERR invalid expire time, must be >= 0|-ERR invalid expire time in 'hexpire' command|"
        + "-ERR invalid expire time in 'hpexpire' command|-ERR invalid expire time in 'hpexpireat' command")]
    [InlineData("a>HEXPIRE h 1 FIELD 1 f; a>HEXPIRE h 1 NX XX FIELDS 1 f; a>HEXPIRE h 1 FIELDS 0 f; a>HEXPIRE h 1 FIELDS x f; a>HEXPIRE h 1 FIELDS 2 f; a>HEXPIRE h 1 FIELDS 1 f g",
        "-ERR Mandatory argument FIELDS is missing or not at the right position|-ERR Mandatory argument FIELDS is missing or not at the right position|"
        + "-ERR Parameter `numFields` should be greater than 0|-ERR Parameter `numFields` should be greater than 0|"
        + "-ERR The `numfields` parameter must match the number of arguments|-ERR The `numfields` parameter must match the number of arguments")]
    [InlineData("a>HTTL h FIELD 1 f; a>HTTL h FIELDS 0 f; a>HPERSIST h FIELDS -1 f; a>HPTTL h FIELDS 2 f",
        "-ERR Mandatory argument FIELDS is missing or not at the right position|-ERR Number of fields must be a positive integer|"
        + "-ERR Number of fields must be a positive integer|-ERR The `numfields` parameter must match the number of arguments")]
    [InlineData("a>SET h v; a>HEXPIRE h x FIELDS 1 f; a>HTTL h FIELDS 0 f; a>HPERSIST h FIELDS 0 f",
        "+OK|-WRONGTYPE Operation against a key holding the wrong kind of value|-WRONGTYPE Operation against a key holding the wrong kind of value|"
        + "-WRONGTYPE Operation against a key holding the wrong kind of value")]
    public async Task Replies_are_those_of_redis_7_4(string script, string expected)
    {
        await using var host = new ServerHost();

        Assert.Equal(expected, await host.RunAsync(script));
    }

    [Theory]
    [InlineData("a>HGET h x; a>HGET h y", "$-1|$1|2")]
    [InlineData("a>HMGET h x y", "*2|$-1|$1|2")]
    [InlineData("a>HGETALL h; a>HKEYS h; a>HVALS h", "*2|$1|y|$1|2|*1|$1|y|*1|$1|2")]
    [InlineData("a>HLEN h; a>HEXISTS h x; a>HSTRLEN h x", ":1|:0|:0")]
    [InlineData("a>HSCAN h 0", "*2|$1|0|*2|$1|y|$1|2")]
    [InlineData("a>HRANDFIELD h; a>HRANDFIELD h 5 WITHVALUES; a>HRANDFIELD h -2", "$1|y|*2|$1|y|$1|2|*2|$1|y|$1|y")]
    [InlineData("a>HDEL h x; a>HDEL h x y; a>EXISTS h", ":0|:1|:0")]
    [InlineData("a>HSET h x 5; a>HTTL h FIELDS 1 x; a>HGET h x", ":1|*1|:-1|$1|5")]
    [InlineData("a>HSETNX h x 5; a>HTTL h FIELDS 1 x", ":1|*1|:-1")]
    [InlineData("a>HINCRBY h x 5; a>HTTL h FIELDS 1 x; a>HINCRBYFLOAT h x 0.5", ":5|*1|:-1|$3|5.5")]
    [InlineData("a>HTTL h FIELDS 1 x; a>HPERSIST h FIELDS 1 x; a>HEXPIRE h 5 FIELDS 1 x", "*1|:-2|*1|:-2|*1|:-2")]
    [InlineData("a>RENAME h j; a>HGETALL j; a>COPY j k; a>HGETALL k", "+OK|*2|$1|y|$1|2|:1|*2|$1|y|$1|2")]
    [InlineData("a>RPUSH l 1; a>SORT l BY none GET h->x; a>DUMP none", ":1|*1|$-1|$-1")]
    public async Task A_field_is_not_seen_from_its_time_on_though_nothing_has_removed_it(string script, string expected)
    {
        await using var host = new ServerHost();
        await host.State.Fields.StopAsync();
        await host.RunAsync("b>HSET h x 1 y 2; b>HPEXPIRE h 1000 FIELDS 1 x; +1");

        Assert.Equal(expected, await host.RunAsync(script));
    }

    [Theory]
    [InlineData("a>HSET h x 5", "*1|:-1")]
    [InlineData("a>HMSET h x 5 z 1", "*1|:-1")]
    [InlineData("a>HSETNX h x 5", "*1|:100")]
    [InlineData("a>HINCRBY h x 5", "*1|:100")]
    [InlineData("a>HINCRBYFLOAT h x 5", "*1|:100")]
    [InlineData("a>HDEL h y", "*1|:100")]
    [InlineData("a>HDEL h x; a>HSET h x 1", "*1|:-1")]
    public async Task A_new_value_takes_the_time_off_where_redis_does(string script, string expected)
    {
        await using var host = new ServerHost();
        await host.RunAsync("b>HSET h x 1 y 2; b>HEXPIRE h 100 FIELDS 1 x");

        string got = await host.RunAsync(script + "; a>HTTL h FIELDS 1 x");

        Assert.EndsWith(expected, got, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Encodings_are_named_as_redis_7_4_names_them()
    {
        await using var host = new ServerHost();
        string large = string.Join(' ', Enumerable.Range(0, 600).Select(i => $"f{i} v"));

        string got = await host.RunAsync(H + $"a>OBJECT ENCODING h; a>HEXPIRE h 10 FIELDS 1 x; a>OBJECT ENCODING h; b>HSET g {large}; b>HEXPIRE g 10 FIELDS 1 f7; a>OBJECT ENCODING g; a>HTTL g FIELDS 2 f7 f8");

        Assert.Equal(":2|$8|listpack|*1|:1|$10|listpackex|$9|hashtable|*2|:10|:-1", got);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task Fields_are_removed_in_time_and_the_last_takes_the_key_with_it(int fields)
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>CONFIG SET notify-keyspace-events Kgh; a>SELECT 3; a>PSUBSCRIBE __keyspace@3__:*; b>SELECT 3");
        await host["b"].RunAsync(["HSET", "h", .. Enumerable.Range(0, fields).SelectMany(i => (string[])[$"f{i}", "v"]), "stays", "v"]);
        await host["b"].RunAsync(["HEXPIRE", "h", "10", "FIELDS", $"{fields}", .. Enumerable.Range(0, fields).Select(i => $"f{i}")]);
        await host["b"].RunAsync(["HEXPIRE", "h", "20", "FIELDS", "1", "stays"]);
        long before = host.Store.Statistics.MemoryBytes;

        host.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.True(await Eventually.HoldsAsync(() => host.State.Fields.Removed == fields, WaitMax));
        Assert.True(fields < 100 || host.Store.Statistics.MemoryBytes < before - (fields * 5)); // a listpack keeps its room
        host.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(await Eventually.HoldsAsync(() => host.State.Fields.Removed == fields + 1, WaitMax));

        Assert.Equal(":0\r\n", await host["b"].RunAsync(["DBSIZE"]));
        string told = (await host["a"].RestAsync()).Replace("\r\n", "|", StringComparison.Ordinal);
        Assert.Equal(["hset", "hexpire", "hexpire", .. Enumerable.Repeat("hexpired", ((fields - 1) / 256) + 2), "del"], Events(told));
    }

    [Theory]
    [InlineData("b>HEXPIRE h 1 FIELDS 1 x", "hexpire")]
    [InlineData("b>HEXPIRE h 0 FIELDS 1 x", "hdel")]
    [InlineData("b>HEXPIRE h 0 FIELDS 2 x y", "hdel del")]
    [InlineData("b>HEXPIRE h 1 XX FIELDS 1 x; b>HTTL h FIELDS 1 x; b>HPERSIST h FIELDS 1 x", "")]
    [InlineData("b>HEXPIRE h 1 FIELDS 1 x; b>HPERSIST h FIELDS 2 x y", "hexpire hpersist")]
    public async Task Keyspace_events_are_those_of_redis_7_4(string script, string expected)
    {
        await using var host = new ServerHost();
        await host.RunAsync("b>HSET h x 1 y 2; a>CONFIG SET notify-keyspace-events Kgh; a>PSUBSCRIBE __keyspace@0__:*");

        string got = await host.RunAsync(script);

        Assert.Equal(expected, string.Join(' ', Events(got)));
    }

    [Theory]
    [InlineData("b>RENAME h j", "j")]
    [InlineData("b>COPY h j", "j")]
    [InlineData("b>MOVE h 1; b>SELECT 1", "h")]
    [InlineData("b>SWAPDB 0 1; b>SELECT 1", "h")]
    [InlineData("b>SET x y", "h")]
    public async Task Fields_are_removed_wherever_their_hash_went(string script, string key)
    {
        await using var host = new ServerHost();
        await host.RunAsync("b>HSET h x 1 y 2; b>HEXPIRE h 10 FIELDS 1 x; " + script);

        host.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(await Eventually.HoldsAsync(() => host.State.Fields.Removed > 0, WaitMax));

        Assert.Equal("*2\r\n$1\r\ny\r\n$1\r\n2\r\n", await host["b"].RunAsync(["HGETALL", key]));
    }

    [Fact]
    public async Task A_removed_field_touches_watchers_and_invalidates_tracked_keys()
    {
        await using var host = new ServerHost();
        await host.RunAsync("b>HSET h x 1 y 2; b>HEXPIRE h 10 FIELDS 1 x; a>HELLO 3; a>CLIENT TRACKING ON; a>HGETALL h; b>WATCH h");

        host.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(await Eventually.HoldsAsync(() => host.State.Fields.Removed > 0, WaitMax));
        await host["b"].RunAsync(["MULTI"]);

        Assert.Equal("*-1\r\n", await host["b"].RunAsync(["EXEC"]));
        Assert.Contains("invalidate", await host["a"].RestAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(600)]
    public async Task A_payload_brings_the_times_along(int fields)
    {
        await using var host = new ServerHost();
        await host["a"].RunAsync(["HSET", "h", .. Enumerable.Range(0, fields).SelectMany(i => (string[])[$"f{i}", $"{i}"])]);
        await host["a"].RunAsync(["HPEXPIRE", "h", "5000", "FIELDS", "1", "f0"]);
        await host["a"].RunAsync(["HPEXPIRE", "h", "90000", "FIELDS", "1", "f1"]);
        string dump = await host["a"].RunAsync(["DUMP", "h"]);
        string payload = dump[(dump.IndexOf('\n', StringComparison.Ordinal) + 1)..^2];
        Assert.Equal(24, payload[0]);
        host.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("+OK\r\n", await host["a"].RunAsync(["RESTORE", "j", "0", payload]));
        Assert.Equal("*3\r\n:4000\r\n:89000\r\n:-2\r\n", await host["a"].RunAsync(["HPTTL", "j", "FIELDS", "3", "f0", "f1", "none"]));
        host.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("+OK\r\n", await host["a"].RunAsync(["RESTORE", "k", "0", payload]));
        Assert.Equal($":{fields - 1}\r\n", await host["a"].RunAsync(["HLEN", "k"]));
    }

    // Written by hand by the rules of RDB version 12: the earliest time, a listpack of field, value and time.
    [Theory]
    [InlineData(25)]
    [InlineData(23)]
    public async Task Compact_payloads_of_redis_7_4_are_read(int type)
    {
        await using var host = new ServerHost();
        Listpack packed = Listpack.New();
        foreach (string text in (string[])["x", "1", "1728000009000", "y", "2", "0"]) packed.Append(Encoding.ASCII.GetBytes(text));
        byte[] body = [(byte)type, .. type == 25 ? BitConverter.GetBytes(1_728_000_009_000) : [], (byte)packed.Bytes, .. packed.Span, 12, 0];
        string payload = Encoding.Latin1.GetString([.. body, .. BitConverter.GetBytes(Hal.Cache.Resp.Crc64.Compute(body))]);

        Assert.Equal("+OK\r\n", await host["a"].RunAsync(["RESTORE", "h", "0", payload]));
        Assert.Equal("*2\r\n:9\r\n:-1\r\n", await host["a"].RunAsync(["HTTL", "h", "FIELDS", "2", "x", "y"]));
        Assert.Equal("$10\r\nlistpackex\r\n", await host["a"].RunAsync(["OBJECT", "ENCODING", "h"]));
    }

    private static string[] Events(string told) =>
        [.. told.Split("pmessage").Skip(1).Select(message => message.Split('|')[6])];
}
