using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Server;
using Hal.Cache.Gateway.Tests.Clients;
using Hal.Cache.Testing.Time;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>client-output-buffer-limit: who is cut, by which class, and when.</summary>
public sealed class OutputLimitTests
{
    private const string Setting = "client-output-buffer-limit";

    [Theory]
    [InlineData("normal 100kb 0 0", "PING", true)]
    [InlineData("normal 300kb 0 0", "PING", false)]
    [InlineData("normal 0 0 0", "PING", false)]
    [InlineData("normal 0 1 60", "PING", false)]
    [InlineData("normal 1 0 0 pubsub 1mb 0 0", "SUBSCRIBE x", false)]
    [InlineData("pubsub 100kb 0 0", "SUBSCRIBE x", true)]
    [InlineData("slave 1 1 1", "PING", false)]
    public async Task A_reply_beyond_the_hard_limit_of_the_clients_class_cuts_it(string limits, string before, bool isCut)
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["RPUSH", "l", .. Enumerable.Repeat(new string('v', 10_000), 20)]);
        await host["b"].RunAsync(["CONFIG", "SET", Setting, limits]);
        await host["a"].RunAsync(["HELLO", "3"]);
        await host["a"].RunAsync(before.Split(' '));

        string got = await host["a"].RunAsync(["LRANGE", "l", "0", "-1"]);

        Assert.Equal(isCut, host["a"].IsCut);
        Assert.Equal(isCut ? 0 : 20, got.Split("$10000").Length - 1);
        Assert.Contains($"client_output_buffer_limit_disconnections:{(isCut ? 1 : 0)}\r\n", await host["b"].RunAsync(["INFO", "stats"]), StringComparison.Ordinal);
        if (isCut) await host["a"].Ended.WaitAsync(ConnectionHost.WaitMax);
    }

    [Fact]
    public async Task A_transaction_whose_replies_are_too_many_has_run_to_its_end()
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["RPUSH", "l", .. Enumerable.Repeat(new string('v', 10_000), 20)]);
        await host["b"].RunAsync(["CONFIG", "SET", Setting, "normal 100kb 0 0"]);

        foreach (string command in (string[])["MULTI", "SET k 1", "LRANGE l 0 -1", "SET k 2", "EXEC"]) await host["a"].RunAsync(command.Split(' '));

        Assert.True(host["a"].IsCut);
        Assert.Equal("$1\r\n2\r\n", await host["b"].RunAsync(["GET", "k"]));
    }

    [Fact]
    public async Task Replies_that_fit_into_what_a_client_has_for_them_anyway_are_not_counted()
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["SET", "k", new string('v', 16_000)]);
        await host["b"].RunAsync(["CONFIG", "SET", Setting, "normal 1kb 0 0"]);

        await host["a"].RunAsync(["GET", "k"]);

        Assert.False(host["a"].IsCut);
    }

    [Theory]
    [InlineData("pubsub 8mb 2mb 10", true)]
    [InlineData("normal 8mb 2mb 10", false)]
    public async Task A_client_that_stays_above_the_soft_limit_is_cut_also_when_nothing_more_comes_for_it(string limits, bool subscribes)
    {
        await using var host = new ServerHost();
        host.State.OutputWatch.Start();
        await host["b"].RunAsync(["CONFIG", "SET", Setting, limits]);
        await host["a"].RunAsync(subscribes ? ["SUBSCRIBE", "x"] : ["MONITOR"]);
        var listener = new Gateway.PubSub.Listener(host["a"].Session);
        host["a"].Session.Wake = static () => { }; // it never looks
        for (int i = 0; i < 3; i++) host["a"].Session.Send(new byte[1 << 20], listener);

        host.Time.Advance(OutputWatch.Interval); // it is found above the limit
        host.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(host["a"].IsCut);
        host.Time.Advance(OutputWatch.Interval);

        Assert.True(host["a"].IsCut);
        Assert.Equal(1, host.State.OutputLimits.Cut);
    }

    [Fact]
    public async Task Messages_for_a_client_that_is_not_subscribed_are_bounded_by_its_own_class_and_without_a_limit_by_that_of_subscribers()
    {
        await using var host = new ServerHost();
        foreach (string name in (string[])["a", "c"])
        {
            await host[name].RunAsync(["MONITOR"]);
            host[name].Session.Wake = static () => { }; // it never looks
        }

        await host["b"].RunAsync(["CONFIG", "SET", Setting, "normal 1mb 0 0 pubsub 4mb 0 0"]);
        host["a"].Session.Send(new byte[2 << 20], new Gateway.PubSub.Listener(host["a"].Session));
        await host["b"].RunAsync(["CONFIG", "SET", Setting, "normal 0 0 0"]);
        host["c"].Session.Send(new byte[2 << 20], new Gateway.PubSub.Listener(host["c"].Session));

        Assert.Equal((true, false), (host["a"].IsCut, host["c"].IsCut));
        host["c"].Session.Send(new byte[3 << 20], new Gateway.PubSub.Listener(host["c"].Session));
        Assert.True(host["c"].IsCut);
    }

    [Theory]
    [InlineData("normal 0 1gb 3600", 32L << 20)]
    [InlineData("normal 0 1gb 3600 pubsub 4mb 0 0", 4L << 20)]
    [InlineData("normal 100gb 0 0", 1L << 30)]
    [InlineData("normal 100gb 50gb 60", 1L << 30)]
    [InlineData("normal 2mb 1mb 60", 2L << 20)]
    [InlineData("normal 0 0 0 pubsub 0 0 0", 1L << 30)]
    public void Messages_are_bounded_whatever_the_limits_are(string limits, long bytesMax)
    {
        var output = new OutputLimits(new ManualTimeProvider(DateTimeOffset.UnixEpoch.AddDays(20_000)));
        var client = new ClientSession(1, "remote", "local", DateTimeOffset.UnixEpoch, static () => { });
        Assert.True(output.TrySet(limits));
        long since = 0;

        Assert.True(output.PermitsMessages(client, bytesMax, ref since));
        Assert.False(output.PermitsMessages(client, bytesMax + 1, ref since));
    }

    [Fact]
    public async Task Room_for_messages_in_the_reply_is_counted_and_let_go_of_where_it_is_large()
    {
        await using var host = new ServerHost();
        ClientSession client = host["a"].Session;
        await host.RunAsync("a>HELLO 3; a>MONITOR");
        client.Wake = static () => { }; // it never looks
        client.Send(new byte[100_000], new Gateway.PubSub.Listener(client));
        client.TakeMessages(null);
        client.Send(new Tracking.Invalidation([new byte[100_000]], isRedirected: false), client.Id);

        Assert.Equal(client.Outbox.RoomBytes + client.EarlyMessages!.Capacity + client.OwnMessages!.Capacity, client.OutboxRoomBytes);
        string got = await host["a"].RunAsync(["PING"]);

        Assert.InRange(got.Length, 200_000, 210_000);
        Assert.Null(client.EarlyMessages);
        Assert.Null(client.OwnMessages);
    }

    [Fact]
    public async Task CLIENT_LIST_tells_as_output_what_waits_and_counts_the_room_for_it_as_memory()
    {
        await using var host = new ServerHost();
        ClientSession client = host["a"].Session;
        await host["a"].RunAsync(["MONITOR"]);
        client.Wake = static () => { }; // it never looks
        client.Send(new byte[100_000], new Gateway.PubSub.Listener(client));

        ClientMemory waiting = ClientMemory.Of(client);
        client.Outbox.Take();
        ClientMemory taken = ClientMemory.Of(client);

        Assert.InRange(waiting.Output, 100_000, 110_000);
        Assert.Equal(0, taken.Output);
        Assert.True(waiting.Total >= 100_000 && taken.Total >= 100_000, $"{waiting.Total}, {taken.Total}");
    }
}
