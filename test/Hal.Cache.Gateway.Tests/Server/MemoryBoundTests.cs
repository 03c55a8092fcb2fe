using Hal.Cache.Storage.Eviction;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>CONFIG SET of maxmemory and its policy: what clients are told, and what holds. Each row runs a script, see <see cref="ServerHost.RunAsync"/>.</summary>
public sealed class MemoryBoundTests
{
    private const string Oom = "-OOM command not allowed when used memory > 'maxmemory'.";
    private const string Wrong = "-ERR CONFIG SET failed (possibly related to argument ";

    [Theory]
    [InlineData("a>CONFIG SET maxmemory 1; a>SET x 1; a>GET x", "+OK|" + Oom + "|$-1")]
    [InlineData("a>CONFIG SET maxmemory 1; a>DEL x; a>EXPIRE x 5; a>LPUSH l v", "+OK|:0|:0|" + Oom)]
    [InlineData("a>CONFIG SET maxmemory 1; a>CONFIG SET maxmemory 0; a>SET x 1", "+OK|+OK|+OK")]
    [InlineData("a>CONFIG SET maxmemory 100mb; a>SET x 1; a>CONFIG GET maxmemory", "+OK|+OK|*2|$9|maxmemory|$9|104857600")]
    [InlineData("a>MULTI; a>SET x 1; b>CONFIG SET maxmemory 1; a>EXEC", "+OK|+QUEUED|-EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.")]
    [InlineData("a>MULTI; a>GET x; b>CONFIG SET maxmemory 1; a>EXEC; a>CONFIG SET maxmemory 0; a>SET x 1", "+OK|+QUEUED|*1|$-1|+OK|+OK")]
    [InlineData("a>MULTI; a>SET x 1; b>CONFIG SET maxmemory 1; a>DISCARD; a>PING", "+OK|+QUEUED|+OK|+PONG")]
    [InlineData("a>CONFIG SET maxmemory 1; a>EVAL return(redis.pcall('set',KEYS[1],1)) 1 x", "+OK|" + Oom)]
    [InlineData("a>CONFIG SET maxmemory 1; a>EVAL return(redis.call('get',KEYS[1])) 1 x", "+OK|$-1")]
    [InlineData("a>CONFIG SET maxmemory bla", Wrong + "'maxmemory') - argument must be a memory value")]
    [InlineData("a>CONFIG SET maxmemory 64mb; a>CONFIG SET maxmemory 70mb maxmemory-clients 200%; a>CONFIG GET maxmemory",
        "+OK|" + Wrong + "'maxmemory-clients') - percentage argument must be less or equal to 100|*2|$9|maxmemory|$8|67108864")]
    [InlineData("a>CONFIG SET maxmemory 64mb; a>CONFIG SET maxmemory 70mb nosuch 1; a>CONFIG GET maxmemory",
        "+OK|-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'|*2|$9|maxmemory|$8|67108864")]
    [InlineData("a>CONFIG SET maxmemory-policy volatile-lfu; a>CONFIG GET maxmemory-policy", "+OK|*2|$16|maxmemory-policy|$12|volatile-lfu")]
    [InlineData("a>SET k v; a>CONFIG SET maxmemory-policy allkeys-lfu; a>OBJECT FREQ nosuch; a>CONFIG SET maxmemory-policy noeviction; a>OBJECT IDLETIME k", "+OK|+OK|$-1|+OK|:0")]
    [InlineData("a>CONFIG SET maxmemory-policy volatile-ttl",
        Wrong + "'maxmemory-policy') - argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, allkeys-lru, allkeys-lfu, allkeys-random, noeviction, s3fifo")]
    public async Task Clients_are_told_what_redis_tells_them(string script, string expected)
    {
        await using var host = new ServerHost(EvictionPolicies.Create("noeviction"));

        string got = await host.RunAsync(script);

        Assert.Equal(expected, got);
    }

    [Fact]
    public async Task A_lower_maxmemory_has_keys_evicted_and_only_those_that_expire_where_the_policy_says_so()
    {
        await using var host = new ServerHost(EvictionPolicies.Create("noeviction"));
        string value = new('v', 15_000);
        for (int i = 0; i < 4000; i++)
        {
            await host["a"].RunAsync(["SET", $"stays{i}", "v"]);
            await host["a"].RunAsync(["SET", $"goes{i}", value, "EX", "100000"]);
        }

        await host["a"].RunAsync(["CONFIG", "SET", "maxmemory-policy", "volatile-lru", "maxmemory", "40mb"]);
        string reply = await host["a"].RunAsync(["SET", "more", value]);

        Assert.Equal("+OK\r\n", reply);
        Assert.InRange(host.Store.Statistics.MemoryBytes, 0, 40 << 20);
        for (int i = 0; i < 4000; i += 100) Assert.Equal("$1\r\nv\r\n", await host["a"].RunAsync(["GET", $"stays{i}"]));
    }
}
