using System.Diagnostics;
using System.Globalization;
using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Collections;

/// <summary>Commands that wait: who is served, when, and with what, the same for the silo and for redis-server.</summary>
public sealed class BlockingTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static TheoryData<string> Servers => ServersUnderTest.SiloAndControl;

    [Theory]
    [MemberData(nameof(Servers))]
    public Task Who_came_first_is_served_first_before_the_push_is_answered(string name) => RunAsync(name, async (server, pusher) =>
    {
        using var first = await BlockedAsync(server, pusher, 1, "BLPOP", "k", "0");
        using var second = await BlockedAsync(server, pusher, 2, "BLPOP", "other", "k", "0");
        using var third = await BlockedAsync(server, pusher, 3, "BRPOP", "k", "30");

        Assert.Equal(2, pusher.Command("RPUSH", "k", "1", "2").Number);
        Assert.Equal(0, pusher.Command("LLEN", "k").Number);
        Assert.Equal(["k", "1"], Texts(first.Receive()));
        Assert.Equal(["k", "2"], Texts(second.Receive()));
        pusher.Command("LPUSH", "k", "3");
        Assert.Equal(["k", "3"], Texts(third.Receive()));
        Assert.Equal(0, pusher.Command("EXISTS", "k").Number);
    });

    [Theory]
    [MemberData(nameof(Servers))]
    public Task An_element_moves_on_through_waiting_clients(string name) => RunAsync(name, async (server, pusher) =>
    {
        using var mover = await BlockedAsync(server, pusher, 1, "BLMOVE", "s", "d", "LEFT", "RIGHT", "0");
        using var popper = await BlockedAsync(server, pusher, 2, "BLPOP", "d", "0");

        pusher.Command("RPUSH", "s", "v");

        Assert.Equal(0, pusher.Command("EXISTS", "s", "d").Number);
        Assert.Equal("v", mover.Receive().Text);
        Assert.Equal(["d", "v"], Texts(popper.Receive()));
    });

    [Theory]
    [MemberData(nameof(Servers))]
    public Task Keys_of_other_types_wake_nobody(string name) => RunAsync(name, async (server, pusher) =>
    {
        using var list = await BlockedAsync(server, pusher, 1, "BLPOP", "w", "0");
        pusher.Command("SADD", "w", "x");
        pusher.Command("DEL", "w");
        pusher.Command("ZADD", "w", "1", "m");
        using var sorted = await BlockedAsync(server, pusher, 2, "BZMPOP", "0", "1", "z", "MAX");
        pusher.Command("DEL", "w");

        pusher.Command("RPUSH", "w", "y");
        pusher.Command("ZADD", "z", "1", "a", "2", "b");

        Assert.Equal(["w", "y"], Texts(list.Receive()));
        Assert.Equal("b", sorted.Receive().Items![1].Items![0].Items![0].Text);
    });

    [Theory]
    [MemberData(nameof(Servers))]
    public Task A_target_of_another_type_is_an_error_for_who_waits_and_the_element_stays(string name) => RunAsync(name, async (server, pusher) =>
    {
        pusher.Command("SET", "d", "x");
        using var mover = await BlockedAsync(server, pusher, 1, "BLMOVE", "s", "d", "LEFT", "LEFT", "0");

        Assert.Equal(1, pusher.Command("RPUSH", "s", "y").Number);

        Assert.StartsWith("WRONGTYPE", mover.Receive().Text, StringComparison.Ordinal);
        Assert.Equal(["y"], Texts(pusher.Command("LRANGE", "s", "0", "-1")));
    });

    [Theory]
    [MemberData(nameof(Servers))]
    public Task A_timeout_answers_null_and_no_element_is_lost_to_it(string name) => RunAsync(name, (server, pusher) =>
    {
        foreach (var command in new[] { "BLPOP n 0.05", "BLMOVE n m LEFT LEFT 0.05", "BLMPOP 0.05 1 n LEFT", "BZPOPMAX n 0.05" })
        {
            var watch = Stopwatch.StartNew();
            var reply = pusher.Command(command.Split(' '));

            Assert.True(reply.IsNull, $"{command}: {reply}");
            Assert.InRange(watch.ElapsedMilliseconds, 45, Limit.TotalMilliseconds);
        }

        pusher.Command("RPUSH", "n", "1");
        Assert.Equal(1, pusher.Command("LLEN", "n").Number);
        return Task.CompletedTask;
    });

    [Theory]
    [MemberData(nameof(Servers))]
    public Task Client_unblock_ends_a_wait_as_a_timeout_or_with_an_error(string name) => RunAsync(name, async (server, pusher) =>
    {
        using var client = new RespTestClient(server.Port);
        var id = client.Command("CLIENT", "ID").Number.ToString(CultureInfo.InvariantCulture);
        client.Send("BLPOP", "n", "0");
        await AssertBlockedAsync(pusher, 1);
        Assert.Equal(1, pusher.Command("CLIENT", "UNBLOCK", id).Number);
        Assert.True(client.Receive().IsNull);
        client.Send("BLPOP", "n", "0");
        await AssertBlockedAsync(pusher, 1);
        Assert.Equal(1, pusher.Command("CLIENT", "UNBLOCK", id, "ERROR").Number);
        Assert.Equal("UNBLOCKED client unblocked via CLIENT UNBLOCK", client.Receive().Text);
        Assert.Equal(0, pusher.Command("CLIENT", "UNBLOCK", id).Number);
    });

    [Theory]
    [MemberData(nameof(Servers))]
    public Task A_client_that_goes_waits_no_longer_and_takes_nothing(string name) => RunAsync(name, async (server, pusher) =>
    {
        (await BlockedAsync(server, pusher, 1, "BLPOP", "g", "0")).Dispose();
        await AssertBlockedAsync(pusher, 0);

        pusher.Command("RPUSH", "g", "1");

        Assert.Equal(1, pusher.Command("LLEN", "g").Number);
    });

    [Theory]
    [MemberData(nameof(Servers))]
    public Task Replies_before_a_wait_are_sent_and_commands_behind_it_run_after_it(string name) => RunAsync(name, async (server, pusher) =>
    {
        using var client = new RespTestClient(server.Port);
        client.Send("SET", "p", "1");
        client.Send("BLPOP", "q", "0");
        client.Send("GET", "p");
        Assert.Equal("OK", client.Receive().Text);
        await AssertBlockedAsync(pusher, 1);

        pusher.Command("LPUSH", "q", "z");

        Assert.Equal(["q", "z"], Texts(client.Receive()));
        Assert.Equal("1", client.Receive().Text);
    });

    [Theory]
    [MemberData(nameof(Servers))]
    public Task Any_command_that_makes_the_key_serves_who_waits_for_it(string name) => RunAsync(name, async (server, pusher) =>
    {
        foreach (var maker in new[] { "RENAME src k", "COPY src k", "SORT src STORE k", "LMOVE src k LEFT LEFT" })
        {
            pusher.Command("RPUSH", "src", "1");
            using var client = await BlockedAsync(server, pusher, 1, "BLPOP", "k", "0");
            pusher.Command(maker.Split(' '));
            Assert.Equal(["k", "1"], Texts(client.Receive()));
            pusher.Command("DEL", "src");
        }
    });

    private async Task RunAsync(string name, Func<IServerUnderTest, RespTestClient, Task> test)
    {
        using var server = ServersUnderTest.Start(name, output);
        if (server is null) return;
        using var pusher = new RespTestClient(server.Port);
        await test(server, pusher);
        await AssertBlockedAsync(pusher, 0);
    }

    private static async Task<RespTestClient> BlockedAsync(IServerUnderTest server, RespTestClient asker, int count, params string[] command)
    {
        var client = new RespTestClient(server.Port);
        client.Send(command);
        await AssertBlockedAsync(asker, count);
        return client;
    }

    private static async Task AssertBlockedAsync(RespTestClient asker, int count) =>
        Assert.True(await Eventually.HoldsAsync(() => asker.Command("INFO", "clients").Text.Contains($"blocked_clients:{count}\r", StringComparison.Ordinal), Limit));

    private static IEnumerable<string> Texts(RespTestReply reply) => reply.Items!.Select(item => item.Text);
}
