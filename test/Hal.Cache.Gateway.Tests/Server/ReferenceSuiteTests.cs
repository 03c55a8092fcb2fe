namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>What Redis 7.2's own suite found here. Each row runs a script, see <see cref="ServerHost.RunAsync"/>.</summary>
public sealed class ReferenceSuiteTests
{
    [Theory]
    [InlineData("a>DEBUG SET-ACTIVE-EXPIRE 0; a>SET k v PX 1; +1; a>DEL k; a>DBSIZE", "+OK|+OK|:0|:0")]
    [InlineData("a>DEBUG SET-ACTIVE-EXPIRE 0; a>SET k v PX 1; a>SET j v; +1; a>DBSIZE; a>SCAN 0 TYPE list; a>DBSIZE", "+OK|+OK|+OK|:2|*2|$1|0|*0|:1")]
    [InlineData("a>COMMAND GETKEYS SORT abc STORE invalid STORE stillbad STORE def", "*2|$3|abc|$3|def")]
    [InlineData("a>COMMAND GETKEYS SORT abc BY STORE GET STORE LIMIT 0 STORE", "*1|$3|abc")]
    [InlineData("a>COMMAND GETKEYSANDFLAGS SET k v; a>COMMAND GETKEYSANDFLAGS SET k v GET",
        "*1|*2|$1|k|*2|+OW|+update|*1|*2|$1|k|*3|+RW|+access|+update")]
    [InlineData("a>COMMAND GETKEYS EVAL script 0", "*0")]
    [InlineData("a>ACL SETUSER u on nopass ~src* +@all; a>AUTH u x; a>SORT src STORE dst", "+OK|+OK|-NOPERM No permissions to access a key")]
    [InlineData("a>MIGRATE host 6379 nosuch 0 1000; a>SET k v; a>MIGRATE host 6379 k 0 1000", "+NOKEY|+OK|-ERR MIGRATE is not supported: keys are taken elsewhere with DUMP and RESTORE")]
    [InlineData("a>CONFIG SET min-replicas-to-write 1; a>SET k v; a>GET k; a>CONFIG SET min-replicas-to-write 0; a>SET k v", "+OK|-NOREPLICAS Not enough good replicas to write.|$-1|+OK|+OK")]
    [InlineData("a>MULTI; a>SET k v; b>CONFIG SET min-replicas-to-write 1; a>EXEC", "+OK|+QUEUED|-EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write.")]
    [InlineData("a>EVAL return(redis.call('blpop',KEYS[1],0)) 1 l; a>RPUSH l v; a>EVAL return(redis.call('blpop',KEYS[1],0)) 1 l; a>EVAL return(redis.call('wait','1','0')) 0",
        "$-1|:1|*2|$1|l|$1|v|:0")]
    [InlineData("a>FUNCTION FLUSH SYNC x; a>FUNCTION RESTORE a b c", "-ERR unknown subcommand or wrong number of arguments for 'FLUSH'. Try FUNCTION HELP.|-ERR unknown subcommand or wrong number of arguments for 'RESTORE'. Try FUNCTION HELP.")]
    [InlineData("a>CONFIG GET key-load-delay; a>CONFIG SET rdb-key-save-delay 5; a>CONFIG GET rdb-key-save-delay; a>CONFIG GET *-load-delay",
        "*2|$14|key-load-delay|$1|0|+OK|*2|$18|rdb-key-save-delay|$1|5|*0")]
    [InlineData("a>CLIENT PAUSE 100000 WRITE; a>CLIENT PAUSE 10 WRITE; +1; a>INFO nosuch; a>CLIENT UNPAUSE", "+OK|+OK|$0||+OK")]
    [InlineData("a>EVAL return{big_number='1\\r\\n2'} 0; a>EVAL redis.setresp(3)return{big_number='1\\r\\n2'} 0", "$4|1  2|$4|1  2")]
    [InlineData("a>EVAL return(loadstring(string.dump(function()end))==nil) 0; a>EVAL getmetatable(_G).__index={} 0", ":1|-ERR user_script:1: Attempt to modify a readonly table script: f616618d814366c987d3a4aed626b46a50f86c54, on @user_script:1.")]
    [InlineData("a>SADD s b aa a; a>EVAL return(redis.call('sort',KEYS[1],'by','_')) 1 s", ":3|*3|$1|a|$2|aa|$1|b")]
    public async Task Replies_are_those_of_redis(string script, string expected)
    {
        await using var host = new ServerHost();

        string got = await host.RunAsync(script);

        Assert.Equal(expected, got);
    }

    [Theory]
    [InlineData("MIGRATE", "+incomplete|$12|begin_search|*4|$4|type|$7|keyword|$4|spec|*4|$7|keyword|$4|KEYS|$9|startfrom|:-2")]
    [InlineData("PFCOUNT", "*1|+readonly|")]
    [InlineData("EVAL_RO", "*6|+readonly|+noscript|+stale|+skip_monitor|+no_mandatory_keys|+movablekeys|:0|:0|:0|*2|+@scripting|+@slow|")]
    [InlineData("EXEC", "*4|+noscript|+loading|+stale|+skip_slowlog|:0")]
    [InlineData("RESTORE-ASKING", "$14|restore-asking|:-4|*3|+write|+denyoom|+asking|:1|:1|:1|")]
    [InlineData("FUNCTION", "$8|function|:-2|*0|:0|:0|:0|*1|+@slow|")]
    [InlineData("SCRIPT", "$6|script|:-2|*0|:0|:0|:0|*1|+@slow|")]
    [InlineData("PUBSUB|HELP", "*2|+loading|+stale|:0|:0|:0|*1|+@slow|")]
    [InlineData("SORT_RO", ":1|:1|:1|")]
    [InlineData("WAIT", "*2|$25|request_policy:all_shards|$23|response_policy:agg_min")]
    [InlineData("XAUTOCLAIM", "*2|+RW|+delete|$12|begin_search")]
    public async Task COMMAND_tells_of_a_command_what_redis_does(string command, string part)
    {
        await using var host = new ServerHost();

        Assert.Contains(part, await host.RunAsync($"a>COMMAND INFO {command}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blocked_XREADGROUP_hears_that_its_database_was_flushed()
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]);
        Task<string> waiting = host["a"].RunAsync(["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"]);
        while (host.State.Blocked.Count == 0) await Task.Yield();

        await host["b"].RunAsync(["FLUSHALL"]);

        Assert.StartsWith("-NOGROUP", await waiting, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Idle_time_that_RESTORE_brings_is_kept_though_the_store_is_younger()
    {
        await using var host = new ServerHost(Storage.Eviction.EvictionPolicies.Create("lru"));
        await host["a"].RunAsync(["SET", "k", "v"]);
        string dump = await host["a"].RunAsync(["DUMP", "k"]);
        string payload = dump[(dump.IndexOf('\n', StringComparison.Ordinal) + 1)..^2];

        await host["a"].RunAsync(["RESTORE", "j", "0", payload, "IDLETIME", "1000"]);

        Assert.Equal(":1000\r\n", await host["a"].RunAsync(["OBJECT", "IDLETIME", "j"]));
    }

    [Fact]
    public async Task Monitor_shows_a_script_before_what_it_calls_and_exec_behind_what_it_ran()
    {
        await using var host = new ServerHost();

        string got = await host.RunAsync("a>MONITOR; b>EVAL redis.call('set','x','1') 0; b>MULTI; b>GET x; b>EXEC");

        Assert.Matches("\"EVAL\".*lua\\] \"set\".*\"MULTI\".*\"GET\".*\"EXEC\"", got);
    }

    [Fact]
    public async Task Slowlog_has_the_commands_of_a_transaction_and_not_EXEC()
    {
        await using var host = new ServerHost();

        await host.RunAsync("a>CONFIG SET slowlog-log-slower-than 0; a>MULTI; a>GET x; a>EXEC; a>CONFIG SET slowlog-log-slower-than -1");

        string[] commands = [.. host.State.SlowLog.Latest(100).Select(entry => System.Text.Encoding.ASCII.GetString(entry.Args[0]))];
        Assert.Contains("GET", commands);
        Assert.DoesNotContain("EXEC", commands);
    }
}
