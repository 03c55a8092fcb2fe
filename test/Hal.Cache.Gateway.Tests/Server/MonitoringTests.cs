using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>What monitors read: every name that the installed Redis has is there, and the numbers are true.</summary>
public sealed class MonitoringTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_client_that_monitors_is_of_the_type_normal()
    {
        await using var host = new ServerHost();

        string got = await host.RunAsync("b>MONITOR; a>CLIENT KILL TYPE replica; a>CLIENT KILL TYPE pubsub; a>CLIENT KILL TYPE normal");

        Assert.Equal(":0|:0|:1", got);
    }

    [Fact]
    public async Task Config_has_every_parameter_of_Redis()
    {
        if (Redis() is not { } redis) return;
        using (redis)
        {
            using var client = new RespTestClient(redis.Port);
            await using var host = new ServerHost();
            HashSet<string> ours = [.. host.State.Config.Match(["*"u8.ToArray()]).Select(pair => pair.Name)];

            string[] theirs = [.. client.Command("CONFIG", "GET", "*").Items!.Where((_, i) => i % 2 == 0).Select(item => item.Text!)];

            Assert.True(theirs.Length > 100);
            Assert.Equal([], theirs.Except(ours));
        }
    }

    [Fact]
    public async Task Info_has_every_field_of_Redis()
    {
        if (Redis() is not { } redis) return;
        using (redis)
        {
            using var client = new RespTestClient(redis.Port);
            await using var host = new ServerHost();
            HashSet<string> ours = [.. Fields(await host["a"].RunAsync(["INFO", "all"]))];

            string[] theirs = [.. Fields(client.Command("INFO", "all").Text!)];

            Assert.True(theirs.Length > 100);
            Assert.Equal([], theirs.Except(ours).Where(name => !name.StartsWith("cmdstat_", StringComparison.Ordinal)
                && !name.StartsWith("latency_percentiles", StringComparison.Ordinal)));
        }
    }

    [Theory]
    [InlineData("GET", "cmdstat_get:", "rejected_calls=1,failed_calls=0")]
    [InlineData("GET k; GET", "cmdstat_get:calls=1,", "rejected_calls=1,failed_calls=0")]
    [InlineData("SET k v; INCR k", "cmdstat_incr:calls=1,", "rejected_calls=0,failed_calls=1")]
    [InlineData("MULTI; SET k v; EXEC", "cmdstat_set:calls=1,", "rejected_calls=0,failed_calls=0")]
    [InlineData("ACL SETUSER u on nopass; AUTH u x; GET k; AUTH default x", "cmdstat_get:calls=0,", "rejected_calls=1,failed_calls=0")]
    [InlineData("ACL SETUSER u on nopass +get; AUTH u x; GET k; AUTH default x", "acl_access_denied_key:1", "")]
    [InlineData("AUTH nobody x", "acl_access_denied_auth:1", "")]
    [InlineData("GET k", "latency_percentiles_usec_get:p50=", "")]
    [InlineData("INCRBY k x", "errorstat_ERR:count=", "")]
    public async Task Statistics_tell_what_has_run(string script, string begins, string ends)
    {
        await using var host = new ServerHost();
        await host["a"].RunAsync(["CONFIG", "SET", "slowlog-log-slower-than", "0"]); // times every command

        foreach (string command in script.Split("; ")) await host["a"].RunAsync(command.Split(' '));

        string info = await host["b"].RunAsync(["INFO", "all"]);
        Assert.Contains(info.Split("\r\n"), line => line.StartsWith(begins, StringComparison.Ordinal) && line.EndsWith(ends, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("return redis.call('select', 99)", "ERR", "select", 1, 0, 1, 1)]
    [InlineData("return redis.pcall('select', 99)", "ERR", "select", 1, 0, 1, 1)]
    [InlineData("local e = redis.pcall('select', 99) return 1", "ERR", "select", 1, 0, 1, 0)]
    [InlineData("local e = redis.pcall('select', 99) error(e)", "ERR", "select", 1, 0, 1, 1)]
    [InlineData("redis.call('lpush', 'l', 1) return redis.call('incr', 'l')", "WRONGTYPE", "incr", 1, 0, 1, 1)]
    [InlineData("return redis.call('get')", "ERR", "get", 0, 1, 0, 1)]
    [InlineData("return redis.call('subscribe', 'c')", "ERR", "subscribe", 0, 1, 0, 1)]
    [InlineData("local e = redis.pcall('nosuch') return 1", "ERR", "nosuch", 0, 0, 0, 0)]
    [InlineData("return redis.error_reply('MY own')", "MY", "get", 0, 0, 0, 1)]
    [InlineData("return {err = 'MY own'}", "MY", "get", 0, 0, 0, 1)]
    [InlineData("error('x')", "ERR", "get", 0, 0, 0, 1)]
    [InlineData("error({err = 'MY own'})", "MY", "get", 0, 0, 0, 1)]
    public async Task An_error_in_a_script_is_counted_once_and_as_a_failure_of_the_command_and_of_the_script(
        string script, string prefix, string command, int calls, int rejected, int failed, int scriptFailed)
    {
        await using var host = new ServerHost();
        await host["a"].RunAsync(["CONFIG", "RESETSTAT"]);

        await host["a"].RunAsync(["EVAL", script, "0"]);

        string[] info = (await host["b"].RunAsync(["INFO", "all"])).Split("\r\n");
        const int marks = 2; // the host's own ends of replies are unknown commands
        Assert.Contains($"total_error_replies:{marks + 1}", info);
        Assert.Contains($"errorstat_{prefix}:count={(prefix == "ERR" ? marks : 0) + 1}", info);
        Assert.Matches($"^cmdstat_eval:calls=1,.*,rejected_calls=0,failed_calls={scriptFailed}$", Line(info, "eval"));
        if (calls + rejected == 0) Assert.Equal("", Line(info, command));
        else Assert.Matches($"^cmdstat_{command}:calls={calls},.*,rejected_calls={rejected},failed_calls={failed}$", Line(info, command));

        static string Line(string[] info, string command) => info.SingleOrDefault(line => line.StartsWith($"cmdstat_{command}:", StringComparison.Ordinal)) ?? "";
    }

    [Theory]
    [InlineData("AUTH u s3cret")]
    [InlineData("HELLO 2 AUTH u s3cret")]
    [InlineData("ACL SETUSER u >s3cret")]
    [InlineData("CONFIG SET timeout 0 requirepass s3cret")]
    public async Task Passwords_are_shown_nowhere(string command)
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["CONFIG", "SET", "slowlog-log-slower-than", "0"]);
        await host["b"].RunAsync(["MONITOR"]);

        await host["a"].RunAsync(command.Split(' '));

        string slow = string.Concat(host.State.SlowLog.Latest(9).SelectMany(entry => entry.Args).Select(System.Text.Encoding.Latin1.GetString));
        Assert.Contains("(redacted)", slow, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", slow, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", await host["b"].RestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Monitor_shows_scripts_ahead_of_their_commands_and_exec_after_its_own()
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["MONITOR"]);

        await host["a"].RunAsync(["EVAL", "return redis.call('incr', KEYS[1])", "1", "k"]);
        await host.RunAsync("a>EVALSHA abc 0; a>MULTI; a>SET k v; a>EXEC; a>EXEC; a>SCRIPT EXISTS x");

        string[] shown = [.. (await host["b"].RestAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line[line.IndexOf('[', StringComparison.Ordinal)..])];
        Assert.Equal(
            [
                "[0 remote] \"EVAL\" \"return redis.call('incr', KEYS[1])\" \"1\" \"k\"", "[0 lua] \"incr\" \"k\"", "[0 remote] \"EVALSHA\" \"abc\" \"0\"",
                "[0 remote] \"MULTI\"", "[0 remote] \"SET\" \"k\" \"v\"", "[0 remote] \"EXEC\"", "[0 remote] \"SCRIPT\" \"EXISTS\" \"x\"",
            ],
            shown.Distinct()); // within MULTI the host marks the ends of replies with MULTI
    }

    [Fact]
    public async Task Command_list_names_subcommands_and_an_unknown_command_is_told_byte_for_byte()
    {
        await using var host = new ServerHost();

        Assert.Contains("\r\nacl|cat\r\n", await host["a"].RunAsync(["COMMAND", "LIST"]), StringComparison.Ordinal);
        Assert.Equal("-ERR unknown command '\u00c3\u00a1', with args beginning with: '\u00ff' \r\n", await host["a"].RunAsync(["\u00c3\u00a1", "\u00ff"]));
    }

    [Fact]
    public async Task Instantaneous_values_are_of_the_last_seconds_and_not_of_the_whole_time()
    {
        await using var host = new ServerHost();
        host.State.Rates.Start();
        host.Time.Advance(TimeSpan.FromSeconds(1));
        for (int i = 0; i < 98; i++) host.Time.Advance(TimeSpan.FromSeconds(1));

        for (int i = 0; i < 20; i++) await host["a"].RunAsync(["ECHO", new string('x', 1024)]); // and as many marks of the host's
        host.Time.Advance(TimeSpan.FromSeconds(1));
        string busy = await host["a"].RunAsync(["INFO", "stats"]);
        for (int i = 0; i < 3; i++) host.Time.Advance(TimeSpan.FromSeconds(1));
        string idle = await host["a"].RunAsync(["INFO", "stats"]);

        Assert.Contains("instantaneous_ops_per_sec:40\r\n", busy, StringComparison.Ordinal);
        Assert.Matches("instantaneous_input_kbps:2[0-9]\\.", busy);
        Assert.Matches("instantaneous_output_kbps:2[0-9]\\.", busy);
        Assert.Contains("instantaneous_ops_per_sec:0\r\n", idle, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Fields(string info) =>
        info.Split("\r\n").Where(line => line.Contains(':', StringComparison.Ordinal)).Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)]);

    private RedisServerProcess? Redis()
    {
        if (RedisServerProcess.IsAvailable) return RedisServerProcess.Started();
        output.WriteLine("redis-server is not installed: names were not compared with it.");
        return null;
    }
}
