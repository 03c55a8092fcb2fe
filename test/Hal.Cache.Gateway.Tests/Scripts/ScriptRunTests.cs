using Hal.Cache.Gateway.Tests.Clients;
using Hal.Cache.Gateway.Tests.Server;

namespace Hal.Cache.Gateway.Tests.Scripts;

/// <summary>Scripts that do not end, or ask for too much: each ends with an error, and the server goes on.</summary>
public sealed class ScriptRunTests
{
    [Theory]
    [InlineData("while true do end")]
    [InlineData("while true do pcall(function() while true do end end) end")]
    [InlineData("local function f() while true do end end xpcall(f, f)")]
    [InlineData("local co = coroutine.wrap(function() while true do end end) while true do pcall(co) end")]
    [InlineData("string.gsub('x', '.', function() while true do end end)")]
    [InlineData("setmetatable({}, {__gc = function() while true do end end}) collectgarbage() while true do end")]
    [InlineData("table.sort({3, 2, 1}, function() while true do end end)")]
    [InlineData("while true do redis.call('get', 'k') end")]
    public async Task Script_that_loops_is_told_of_and_killed(string script)
    {
        await using var host = new ServerHost();
        Assert.Equal("+OK\r\n", await host["b"].RunAsync(["CONFIG", "SET", "busy-reply-threshold", "1"]));
        Task<string> running = Task.Run(() => host["a"].RunAsync(["EVAL", script, "0"]));

        string told = await Until(host, ["GET", "k"], reply => reply.StartsWith("-BUSY", StringComparison.Ordinal));
        string killed = await host["b"].RunAsync(["SCRIPT", "KILL"]);

        Assert.Equal("-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n", told);
        Assert.Equal("+OK\r\n", killed);
        Assert.StartsWith("-ERR Script killed by user with SCRIPT KILL.", await running.WaitAsync(ConnectionHost.WaitMax), StringComparison.Ordinal);
        Assert.Equal("+OK\r\n", await host["b"].RunAsync(["SET", "k", "v"]));
        Assert.Equal(":1\r\n", await host["a"].RunAsync(["EVAL", "return 1", "0"]));
    }

    [Fact]
    public async Task Script_that_has_written_is_not_killed()
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["CONFIG", "SET", "busy-reply-threshold", "1"]);
        Task<string> running = Task.Run(() => host["a"].RunAsync(["EVAL", "redis.call('set', 'k', 'v') for i = 1, 5e8 do end return 1", "0"]));
        await Until(host, ["GET", "k"], reply => reply.StartsWith("-BUSY", StringComparison.Ordinal));

        string killed = await host["b"].RunAsync(["SCRIPT", "KILL"]);

        Assert.StartsWith("-UNKILLABLE", killed, StringComparison.Ordinal);
        Assert.Equal(":1\r\n", await running.WaitAsync(ConnectionHost.WaitMax));
    }

    [Theory]
    [InlineData("local t = {} for i = 1, 1e9 do t[i] = string.rep('x', 10000) .. i end", "-ERR not enough memory")]
    [InlineData("return string.rep('x', 1e10)", "-ERR user_script:1: resulting string too large")]
    [InlineData("return string.rep('x', 1e9)", "-ERR not enough memory")]
    [InlineData("local s = 'x' while true do s = s .. s end", "not enough memory")]
    [InlineData("local function f() return 1 + f() end return f()", "stack overflow")]
    [InlineData("local t = {} t[1] = t return t", "*1")]
    [InlineData("return string.rep('', 1e15)", "$0")]
    [InlineData("return load(string.rep('(', 1000))", "$-1")]
    [InlineData("return table.remove(setmetatable({}, {__len = function() return 2^52 end}), 1)", "length of its own")]
    [InlineData("return {unpack({}, 1, 1e8)}", "too many results to unpack")]
    public async Task Script_that_asks_for_too_much_ends_with_an_error(string script, string expected)
    {
        await using var host = new ServerHost();

        string reply = await host["a"].RunAsync(["EVAL", script, "0"]);

        Assert.Contains(expected, reply, StringComparison.Ordinal);
        Assert.Equal(":1\r\n", await host["a"].RunAsync(["EVAL", "return 1", "0"]));
    }

    [Fact]
    public async Task Nesting_of_a_reply_is_bounded()
    {
        await using var host = new ServerHost();

        string reply = await host["a"].RunAsync(["EVAL", "local t = {} t[1] = t return t", "0"]);

        Assert.EndsWith("*1\r\n-ERR reached lua stack limit\r\n", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scripts_of_many_clients_are_each_one_step()
    {
        await using var host = new ServerHost();
        const string add = "local n = tonumber(redis.call('get', KEYS[1]) or 0) redis.call('set', KEYS[1], n + 1) return n";
        string[] names = ["a", "b", "c", "d"];
        foreach (string name in names) await host[name].RunAsync(["PING"]); // clients are made one at a time

        await Task.WhenAll(names.Select(name => Task.Run(async () =>
        {
            for (int i = 0; i < 200; i++) await host[name].RunAsync(["EVAL", add, "1", "n"]);
        })));

        Assert.Equal("$3\r\n800\r\n", await host["a"].RunAsync(["GET", "n"]));
    }

    [Fact]
    public async Task Large_values_go_in_and_out()
    {
        await using var host = new ServerHost();
        string large = new('x', 300_000);

        string reply = await host["a"].RunAsync(["EVAL", "redis.call('set', KEYS[1], ARGV[1]) return #redis.call('get', KEYS[1])", "1", "k", large]);
        string appended = await host["a"].RunAsync(["EVAL", "redis.call('append', KEYS[1], 'yz') return redis.call('strlen', KEYS[1])", "1", "k"]);

        Assert.Equal(":300000\r\n", reply);
        Assert.Equal(":300002\r\n", appended);
    }

    private static async Task<string> Until(ServerHost host, string[] command, Func<string, bool> isIt)
    {
        using var ends = new CancellationTokenSource(ConnectionHost.WaitMax);
        while (true)
        {
            string reply = await host["b"].RunAsync(command);
            if (isIt(reply)) return reply;
            ends.Token.ThrowIfCancellationRequested();
        }
    }
}
