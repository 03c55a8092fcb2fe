using Hal.Cache.Gateway.Server;
using Hal.Cache.Storage.Eviction;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>CONFIG SET by the kind of each parameter: the replies of Redis, and what is read back. Scripts as in <see cref="ServerHost.RunAsync"/>.</summary>
public sealed class ConfigTests
{
    private const string NoInteger = "argument couldn't be parsed into an integer";
    private const string NoBytes = "argument must be a memory value";
    private const string FromZero = "argument must be between 0 and 9223372036854775807 inclusive";
    private const string FromZeroInt = "argument must be between 0 and 2147483647 inclusive";
    private const string Buffers = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
    private const string Percentiles = "latency-tracking-info-percentiles";
    private const string NoPercentiles = "Invalid latency-tracking-info-percentiles parameters";
    private const string NoScores = "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
    private const string NoTitle = "template format is invalid or contains unknown variables";

    [Theory]
    [InlineData("timeout", "1mb", NoInteger)]
    [InlineData("latency-monitor-threshold", "1mb", NoInteger)]
    [InlineData("tracking-table-max-keys", "1mb", NoInteger)]
    [InlineData("maxclients", "1mb", NoInteger)]
    [InlineData("slowlog-log-slower-than", "1mb", NoInteger)]
    [InlineData("slowlog-max-len", "1mb", NoInteger)]
    [InlineData("busy-reply-threshold", "1mb", NoInteger)]
    [InlineData("lua-time-limit", "1mb", NoInteger)]
    [InlineData("acllog-max-len", "1mb", NoInteger)]
    [InlineData("min-replicas-to-write", "1mb", NoInteger)]
    [InlineData("min-slaves-to-write", "foo", NoInteger)]
    [InlineData("min-slaves-to-write", "", NoInteger)]
    [InlineData("min-slaves-to-write", "1.5", NoInteger)]
    [InlineData("min-slaves-to-write", "yes", NoInteger)]
    [InlineData("min-slaves-to-write", "99999999999999999999", NoInteger)]
    [InlineData("shutdown-timeout", "yes", NoInteger)]
    [InlineData("timeout", "01", NoInteger)]
    [InlineData("timeout", "+1", NoInteger)]
    [InlineData("timeout", " 1", NoInteger)]
    [InlineData("slowlog-log-slower-than", "-0", NoInteger)]
    [InlineData("slowlog-max-len", "-1", FromZero)]
    [InlineData("hash-max-listpack-entries", "-1", FromZero)]
    [InlineData("zset-max-ziplist-entries", "-1", FromZero)]
    [InlineData("set-max-intset-entries", "-1", FromZero)]
    [InlineData("stream-node-max-entries", "-1", FromZero)]
    [InlineData("busy-reply-threshold", "-1", FromZero)]
    [InlineData("acllog-max-len", "-1", FromZero)]
    [InlineData("latency-monitor-threshold", "-1", FromZero)]
    [InlineData("hz", "-1", FromZeroInt)]
    [InlineData("timeout", "2147483648", FromZeroInt)]
    [InlineData("tcp-keepalive", "-1", FromZeroInt)]
    [InlineData("lfu-log-factor", "-1", FromZeroInt)]
    [InlineData("lfu-decay-time", "-1", FromZeroInt)]
    [InlineData("slave-priority", "-1", FromZeroInt)]
    [InlineData("maxmemory-samples", "0", "argument must be between 1 and 2147483647 inclusive")]
    [InlineData("maxmemory-eviction-tenacity", "101", "argument must be between 0 and 100 inclusive")]
    [InlineData("slowlog-log-slower-than", "-2", "argument must be between -1 and 9223372036854775807 inclusive")]
    [InlineData("list-max-listpack-size", "2147483648", "argument must be between -2147483648 and 2147483647 inclusive")]
    [InlineData("maxclients", "0", "argument must be between 1 and 4294967295 inclusive")]
    [InlineData("maxclients", "4294967295", "The operating system is not able to handle the specified number of clients, try with 2147483647")]
    [InlineData("proto-max-bulk-len", "1mb", "1048576", true)]
    [InlineData("proto-max-bulk-len", "1048575", "argument must be between 1048576 and 9223372036854775807 inclusive")]
    [InlineData("client-query-buffer-limit", "1k", "argument must be between 1048576 and 9223372036854775807 inclusive")]
    [InlineData("repl-backlog-size", "0", "argument must be between 1 and 9223372036854775807 inclusive")]
    [InlineData("repl-backlog-size", "1", "16384", true)]
    [InlineData("maxmemory", "-1", NoBytes)]
    [InlineData("maxmemory", "yes", NoBytes)]
    [InlineData("hll-sparse-max-bytes", "1.5", NoBytes)]
    [InlineData("hll-sparse-max-bytes", "99999999999999999999", FromZero)]
    [InlineData("hll-sparse-max-bytes", "1KB", "1024", true)]
    [InlineData("hll-sparse-max-bytes", "", "0", true)]
    [InlineData("maxmemory-clients", "101%", "percentage argument must be less or equal to 100")]
    [InlineData("maxmemory-clients", "-10%", "argument must be a memory or percent value")]
    [InlineData("maxmemory-clients", "foo", "argument must be a memory or percent value")]
    [InlineData("maxmemory-clients", "10%", "10%", true)]
    [InlineData("maxmemory-clients", "1mb", "1048576", true)]
    [InlineData("maxmemory", "100mb", "104857600", true)]
    [InlineData("hz", "777", "500", true)]
    [InlineData("hz", "0", "1", true)]
    [InlineData("rdbcompression", "1", "argument must be 'yes' or 'no'")]
    [InlineData("rdbcompression", "NO", "no", true)]
    [InlineData("loglevel", "foo", "argument(s) must be one of the following: debug, verbose, notice, warning")]
    [InlineData("loglevel", "Debug", "debug", true)]
    [InlineData("shutdown-on-sigterm", "save x", "argument(s) must be one of the following: default, save, nosave, now, force")]
    [InlineData("shutdown-on-sigterm", "now save", "save now", true)]
    [InlineData("notify-keyspace-events", "KEA", "AKE", true)]
    [InlineData("cluster-announce-hostname", "a_b", "Hostnames may only contain alphanumeric characters, hyphens or dots")]
    [InlineData(Percentiles, "50.0 99.0 99.9", "50 99 99.9", true)]
    [InlineData(Percentiles, "", "", true)]
    [InlineData(Percentiles, "1e-5 100", "0.00001 100", true)]
    [InlineData(Percentiles, "50 foo", NoPercentiles)]
    [InlineData(Percentiles, "50  99", NoPercentiles)]
    [InlineData(Percentiles, "100.5", Percentiles + " parameters should sit between [0.0,100.0]")]
    [InlineData(Percentiles, "-1", Percentiles + " parameters should sit between [0.0,100.0]")]
    [InlineData("client-output-buffer-limit", "normal 1 2", "Wrong number of arguments in buffer limit configuration.")]
    [InlineData("client-output-buffer-limit", "master 1 2 3", "Invalid client class specified in buffer limit configuration.")]
    [InlineData("client-output-buffer-limit", "normal 1 2 -1", Buffers)]
    [InlineData("client-output-buffer-limit", "normal 1 x 1", Buffers)]
    [InlineData("oom-score-adj-values", "0 1 2 3", "wrong number of arguments")]
    [InlineData("oom-score-adj-values", "0 1 2001", NoScores)]
    [InlineData("oom-score-adj-values", "+1 02 3", "1 2 3", true)]
    [InlineData("save", "60 1 5", "Invalid save parameters")]
    [InlineData("save", "0 1", "Invalid save parameters")]
    [InlineData("save", "", "", true)]
    [InlineData("save", "60 1", "60 1", true)]
    [InlineData("proc-title-template", "{foo}", NoTitle)]
    [InlineData("proc-title-template", "{title}", NoTitle)]
    [InlineData("proc-title-template", "{{x {port}", "{{x {port}", true)]
    [InlineData("syslog-ident", "redis", "can't set immutable config")]
    [InlineData("databases", "16", "can't set immutable config")]
    [InlineData("dir", "/elsewhere", "can't set protected config")]
    [InlineData("port", "1", "can't set immutable config")]
    [InlineData("port", "x", NoInteger)]
    [InlineData("tls-port", "6380", "can't set immutable config")]
    [InlineData("appendonly", "yes", "can't set immutable config")]
    [InlineData("appendonly", "foo", "argument must be 'yes' or 'no'")]
    [InlineData("appendonly", "no", "no", true)]
    [InlineData("appendfsync", "x", "argument(s) must be one of the following: everysec, always, no")]
    public async Task Set_answers_and_keeps_as_redis_does(string name, string value, string expected, bool isTaken = false)
    {
        await using var host = new ServerHost();
        string before = host.State.Config.Value(ConfigTable.All[name].Name);

        string reply = await host["a"].RunAsync(["CONFIG", "SET", name.ToUpperInvariant(), value]);

        Assert.Equal(isTaken ? "+OK\r\n" : $"-ERR CONFIG SET failed (possibly related to argument '{name}') - {expected}\r\n", reply);
        string after = isTaken ? expected : before;
        Assert.EndsWith($"\r\n{name}\r\n${after.Length}\r\n{after}\r\n", await host["a"].RunAsync(["CONFIG", "GET", name]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_default_is_a_value_that_reads_back_as_it_is()
    {
        await using var host = new ServerHost(EvictionPolicies.Create("lru"));
        foreach ((string name, ConfigParameter parameter) in ConfigTable.All)
        {
            string value = host.State.Config.Value(parameter.Name);
            if (!parameter.IsFixed) Assert.Equal((name, null, value), (name, parameter.TryRead(value, out string read), read));
        }

        Assert.True(ConfigTable.All.Count > 200);
    }

    [Theory]
    [InlineData("min-slaves-to-write", "min-replicas-to-write", "1")]
    [InlineData("min-replicas-max-lag", "min-slaves-max-lag", "7")]
    [InlineData("slave-priority", "replica-priority", "7")]
    [InlineData("replica-read-only", "slave-read-only", "no")]
    [InlineData("lua-time-limit", "busy-reply-threshold", "7")]
    [InlineData("zset-max-ziplist-value", "zset-max-listpack-value", "7")]
    [InlineData("cluster-slave-validity-factor", "cluster-replica-validity-factor", "7")]
    [InlineData("repl-ping-slave-period", "repl-ping-replica-period", "7")]
    public async Task Two_names_of_one_parameter_have_one_value(string one, string other, string value)
    {
        await using var host = new ServerHost();

        await host["a"].RunAsync(["CONFIG", "SET", one, value]);

        Assert.EndsWith($"\r\n{value}\r\n", await host["a"].RunAsync(["CONFIG", "GET", other]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("timeout 7 hz foo", "argument 'hz') - " + NoInteger)]
    [InlineData("timeout 7 client-output-buffer-limit x", "argument 'client-output-buffer-limit') - Wrong number of arguments in buffer limit configuration.")]
    [InlineData("timeout 7 maxclients 4294967295", "argument 'maxclients') - The operating system is not able to handle the specified number of clients, try with 2147483647")]
    [InlineData("timeout 7 databases 16", "argument 'databases') - can't set immutable config")]
    [InlineData("timeout 7 Timeout 8", "argument 'timeout') - duplicate parameter")]
    [InlineData("timeout foo databases 16", "argument 'databases') - can't set immutable config")]
    [InlineData("maxmemory-policy allkeys-lru timeout 7 notify-keyspace-events y", "argument 'notify-keyspace-events') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")]
    public async Task Set_of_several_changes_none_when_one_is_refused(string parameters, string refusal)
    {
        await using var host = new ServerHost();
        List<(string Name, string Value)> before = host.State.Config.Match(["*"u8.ToArray()]);

        string reply = await host["a"].RunAsync(["CONFIG", "SET", .. parameters.Split(' ')]);

        Assert.Equal($"-ERR CONFIG SET failed (possibly related to {refusal}\r\n", reply);
        Assert.Equal(before, host.State.Config.Match(["*"u8.ToArray()]));
    }

    [Theory]
    [InlineData("a>CONFIG SET timeout 5 NoSuch 1", "-ERR Unknown option or number of arguments for CONFIG SET - 'NoSuch'")]
    [InlineData("a>CONFIG SET slowlog-max-len 0 slowlog-log-slower-than 0; a>PING; a>SLOWLOG LEN; a>CONFIG SET slowlog-max-len 1; a>PING; a>SLOWLOG LEN", "+OK|+PONG|:0|+OK|+PONG|:1")]
    [InlineData("a>CONFIG SET slowlog-max-len 9223372036854775807 slowlog-log-slower-than 0; a>PING; a>SLOWLOG LEN", "+OK|+PONG|:2")]
    [InlineData("a>CONFIG SET min-slaves-to-write 1; a>SET k v; a>CONFIG SET min-replicas-to-write 0; a>SET k v", "+OK|-NOREPLICAS Not enough good replicas to write.|+OK|+OK")]
    [InlineData("a>CONFIG SET hash-max-listpack-entries 1; a>CONFIG SET hash-max-ziplist-entries 2; a>HSET h a 1 b 2; a>OBJECT ENCODING h", "+OK|+OK|:2|$8|listpack")]
    [InlineData("a>CONFIG SET acllog-max-len 9223372036854775807; a>CONFIG SET latency-monitor-threshold 9223372036854775807; a>CONFIG SET busy-reply-threshold 9223372036854775807; a>PING", "+OK|+OK|+OK|+PONG")]
    public async Task What_is_set_holds(string script, string expected)
    {
        await using var host = new ServerHost();

        Assert.Equal(expected, await host.RunAsync(script));
    }

    [Fact]
    public async Task Appendonly_no_is_taken_and_the_log_goes_on()
    {
        await using var host = new ServerHost(options: new GatewayOptions { Durability = "commit" });

        Assert.Equal("+OK|*2|$10|appendonly|$3|yes", await host.RunAsync("a>CONFIG SET appendonly no; a>CONFIG GET appendonly"));
    }

    [Fact]
    public async Task Info_names_percentiles_as_they_are_read_back()
    {
        await using var host = new ServerHost();
        await host["a"].RunAsync(["CONFIG", "SET", "slowlog-log-slower-than", "0"]); // times every command
        await host["a"].RunAsync(["CONFIG", "SET", "latency-tracking-info-percentiles", "50.0 99.90"]);

        string info = await host["a"].RunAsync(["INFO", "latencystats"]);

        Assert.Matches(@"latency_percentiles_usec_config\|set:p50=[0-9.]+,p99\.9=[0-9.]+\r\n", info);
    }
}
