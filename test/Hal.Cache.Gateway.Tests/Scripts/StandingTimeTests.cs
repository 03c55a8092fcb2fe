using System.Diagnostics;
using Hal.Cache.Gateway.Tests.Clients;
using Hal.Cache.Gateway.Tests.Server;

namespace Hal.Cache.Gateway.Tests.Scripts;

/// <summary>No time passes in a script or a transaction: its commands see one instant, and no key ends in the middle of it.</summary>
public sealed class StandingTimeTests
{
    private const string Script =
        """
        redis.call('set', KEYS[1], 'v', 'px', 1000)
        redis.call('hset', KEYS[2], 'f', 'v')
        redis.call('hpexpire', KEYS[2], 1000, 'fields', 1, 'f')
        local before = redis.call('time')
        redis.call('debug', 'sleep', '2')
        local after = redis.call('time')
        return {
          before[1] == after[1] and before[2] == after[2] and 1 or 0, redis.call('exists', KEYS[1]), redis.call('pttl', KEYS[1]),
          redis.call('hlen', KEYS[2]), #redis.call('keys', '*'), redis.call('expire', KEYS[1], 0),
        }
        """;

    [Fact]
    public async Task A_key_does_not_expire_while_a_script_runs_and_does_after_it()
    {
        await using var host = new ServerHost();
        await host["a"].RunAsync(["DEBUG", "SET-DISABLE-DENY-SCRIPTS", "1"]);

        string reply = await AsleepAsync(host, ["EVAL", Script, "2", "k", "h"]);

        Assert.Equal("*6|:1|:1|:1000|:1|:2|:1|", reply);
        Assert.Equal(":0\r\n", await host["a"].RunAsync(["HLEN", "h"]));
        Assert.Equal("$-1\r\n", await host["a"].RunAsync(["GET", "k"]));
    }

    [Fact]
    public async Task A_key_does_not_expire_while_a_transaction_runs_and_does_after_it()
    {
        await using var host = new ServerHost();
        foreach (string command in (string[])["MULTI", "TIME", "SET k v PX 1000", "DEBUG SLEEP 2", "TIME", "PTTL k", "GET k", "SET l v PX 1000", "PTTL l"])
            await host["a"].RunAsync(command.Split(' '));

        string[] replies = (await AsleepAsync(host, ["EXEC"])).Split('|');

        Assert.Equal(replies[1..6], replies[8..13]); // the time
        Assert.Equal(["+OK", "+OK"], replies[6..8]);
        Assert.Equal([":1000", "$1", "v", "+OK", ":1000", ""], replies[13..]);
        Assert.Equal(":0\r\n", await host["a"].RunAsync(["EXISTS", "k", "l"]));
        Assert.Equal("+OK\r\n", await host["a"].RunAsync(["SET", "k", "v", "PX", "1000"]));
        host.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("$-1\r\n", await host["a"].RunAsync(["GET", "k"]));
    }

    /// <summary>Runs a command that sleeps in its middle, while time passes until it has ended.</summary>
    private static async Task<string> AsleepAsync(ServerHost host, string[] command)
    {
        Task<string> running = Task.Run(() => host["a"].RunAsync(command));
        long began = Stopwatch.GetTimestamp();
        while (!running.IsCompleted && Stopwatch.GetElapsedTime(began) < ConnectionHost.WaitMax)
        {
            host.Time.Advance(TimeSpan.FromSeconds(3));
            await Task.Yield();
        }

        return (await running.WaitAsync(ConnectionHost.WaitMax)).Replace("\r\n", "|", StringComparison.Ordinal);
    }
}
