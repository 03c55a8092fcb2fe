using Hal.Cache.Gateway.Tests.Clients;
using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.Tests.Commands;
using Hal.Cache.Gateway.Tracking;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>Each row runs a script (see <see cref="ServerHost.RunAsync"/>) and names all that client a gets after its HELLO.</summary>
public sealed class TrackingTests
{
    private const string InvalidK = ">2|$10|invalidate|*1|$1|k";
    private const string InvalidAll = ">2|$10|invalidate|_";
    private const string Info = "CLIENT TRACKINGINFO";

    [Fact]
    public async Task A_client_whose_read_waits_hears_at_once_of_what_has_changed_and_of_what_it_reads_in_order()
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>HELLO 3; a>CLIENT TRACKING ON; a>GET k");

        Task<string> told = host["a"].PipelineAsync("XREAD BLOCK 0 STREAMS s $", "$1\r\nk\r\n");
        await BlockedAsync(host);
        await host["b"].RunAsync(["SET", "k", "v"]);
        Assert.Equal(">2|$10|invalidate|*1|$1|k|", await told.WaitAsync(ConnectionHost.WaitMax));
        Assert.True(host["a"].Session.IsBlocked);

        await host["b"].RunAsync(["XADD", "s", "1-1", "f", "v"]);
        string got = await host["a"].PipelineAsync("ECHO end", "end\r\n");
        Assert.Contains("%1|$1|s|*1|*2|$3|1-1|*2|$1|f|$1|v|", got, StringComparison.Ordinal);

        await host["b"].RunAsync(["XADD", "s", "1-2", "f", "v"]);
        Assert.Equal(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\ns\r\n", await host["a"].RestAsync());
    }

    [Theory]
    [InlineData("CLIENT TRACKING ON")]
    [InlineData("CLIENT TRACKING ON BCAST")]
    public async Task What_changes_after_a_waiting_read_is_told_after_its_reply(string tracking)
    {
        var policy = new CallingPolicy();
        await using var host = new ServerHost(policy);
        await host.RunAsync($"a>HELLO 3; a>{tracking}");
        ClientSession client = host["a"].Session;
        Task<string> served = host["a"].PipelineAsync("XREAD BLOCK 0 STREAMS s $", "$1\r\nk\r\n");
        await BlockedAsync(host);
        bool isHeld = false;
        policy.Read = () =>
        {
            client.Send(new Invalidation(["k"u8.ToArray()], isRedirected: false), 0); // something changes while it reads
            isHeld = client.Outbox.TakeUnlessHeld().IsEmpty && client.HasMessages;
        };

        await host["b"].RunAsync(["XADD", "s", "1-1", "f", "v"]);

        Assert.True(isHeld);
        string got = await served.WaitAsync(ConnectionHost.WaitMax);
        Assert.InRange(got.IndexOf("%1|", StringComparison.Ordinal), 0, got.IndexOf(InvalidK, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_tracks_no_more_is_told_while_it_waits_though_its_own_write_had_held_its_messages()
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>HELLO 3; a>CLIENT TRACKING ON NOLOOP; a>GET k");
        host.State.Tracking.InvalidateElsewhere("k"u8, host["a"].Session.Id); // as an instance that holds copies hears of it
        await host.RunAsync("a>CLIENT TRACKING OFF; a>SUBSCRIBE c");
        Task<string> told = host["a"].PipelineAsync("BLPOP q 0", "$1\r\nm\r\n");
        await BlockedAsync(host);

        await host["b"].RunAsync(["PUBLISH", "c", "m"]);

        Assert.Equal(">3|$7|message|$1|c|$1|m|", await told.WaitAsync(ConnectionHost.WaitMax));
    }

    [Theory]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; b>SET k 1", "+OK|_|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; b>SET k 1; b>SET k 2", "+OK|_|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; b>SET k 1", "+OK")]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>SET k 1; b>SET k 2", "+OK|+OK")]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; a>CLIENT TRACKING OFF; b>SET k 1", "+OK|_|+OK")]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; a>CLIENT TRACKING OFF; a>CLIENT TRACKING ON; b>SET k 1", "+OK|_|+OK|+OK|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; a>CLIENT TRACKING OFF; b>SET k 1; a>CLIENT TRACKING ON; b>SET k 2", "+OK|_|+OK|+OK")]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; a>CLIENT TRACKING OFF; b>FLUSHALL; a>CLIENT TRACKING ON; b>SET k 2", "+OK|_|+OK|+OK")]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; a>SET k 1; a>GET k", "+OK|_|+OK|" + InvalidK + "|$1|1")]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON NOLOOP; a>GET k; a>SET k 1; b>SET k 2", "+OK|_|+OK")]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON NOLOOP; a>GET k; b>SET k 2", "+OK|_|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>EXISTS k; b>EXPIRE k 5; b>SET k 1", "+OK|:0|" + InvalidK)]
    [InlineData("b>SET k 1; a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; b>EXPIRE k 5", "+OK|$1|1|" + InvalidK)]
    [InlineData("b>SET k 1; a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; b>DEL k", "+OK|$1|1|" + InvalidK)]
    [InlineData("b>SET k 1; a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; b>RENAME k j", "+OK|$1|1|" + InvalidK)]
    [InlineData("b>SET k 1 EX 5; a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; +6; b>GET k", "+OK|$1|1|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; b>FLUSHALL; b>SET k 1", "+OK|_|" + InvalidAll)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; b>FLUSHDB", "+OK|_|" + InvalidAll)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>FLUSHALL", "+OK|+OK|" + InvalidAll)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>MGET k j; b>MSET j 1 k 2", "+OK|*2|_|_|>2|$10|invalidate|*1|$1|j|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>SELECT 1; a>GET k; b>SET k 1", "+OK|+OK|_|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON; a>GET k; a>MULTI; a>SET k 1; a>GET j; a>EXEC", "+OK|_|+OK|+QUEUED|+QUEUED|*2|+OK|_|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON OPTIN; a>GET k; b>SET k 1", "+OK|_")]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON OPTIN; a>CLIENT CACHING YES; a>GET k; a>GET j; b>MSET j 1 k 1", "+OK|+OK|_|_|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON OPTIN; a>CLIENT CACHING YES; a>MULTI; a>GET k; a>EXEC; b>SET k 1", "+OK|+OK|+OK|+QUEUED|*1|_|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON OPTOUT; a>CLIENT CACHING NO; a>GET k; b>SET k 1", "+OK|+OK|_")]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON OPTOUT; a>CLIENT CACHING NO; a>GET j; a>GET k; b>MSET j 1 k 1", "+OK|+OK|_|_|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON BCAST; b>SET k 1", "+OK|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON BCAST PREFIX j PREFIX k; b>MSET k2 1 x 1 k1 1 j 1", "+OK|>2|$10|invalidate|*1|$1|j|>2|$10|invalidate|*2|$2|k1|$2|k2")]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON BCAST PREFIX j; b>SET k 1", "+OK")]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON BCAST NOLOOP; a>SET j 1; b>SET k 1", "+OK|+OK|" + InvalidK)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON BCAST; a>SET k 1", "+OK|+OK|" + InvalidK)]
    [InlineData("a>HELLO 3; b>PING; b>CLIENT TRACKING ON REDIRECT $a; b>GET k; c>SET k 1", InvalidK)]
    [InlineData("a>SUBSCRIBE x; b>PING; b>CLIENT TRACKING ON REDIRECT $a; b>GET k; c>SET k 1", "*3|$9|subscribe|$1|x|:1|*3|$7|message|$20|__redis__:invalidate|*1|$1|k")]
    [InlineData("a>SUBSCRIBE x; b>PING; b>CLIENT TRACKING ON REDIRECT $a; b>GET k; c>FLUSHALL", "*3|$9|subscribe|$1|x|:1|*3|$7|message|$20|__redis__:invalidate|$-1")]
    [InlineData("a>PING; b>PING; b>CLIENT TRACKING ON REDIRECT $a; b>GET k; c>SET k 1", "+PONG")]
    [InlineData("a>CLIENT TRACKING ON; a>GET k; b>SET k 1", "+OK|$-1")]
    [InlineData("a>CLIENT GETREDIR; a>CLIENT TRACKING ON; a>CLIENT GETREDIR", ":-1|+OK|:0")]
    [InlineData("a>" + Info, "*6|$5|flags|*1|$3|off|$8|redirect|:-1|$8|prefixes|*0")]
    [InlineData("a>CLIENT TRACKING ON BCAST NOLOOP; a>" + Info, "+OK|*6|$5|flags|*3|$2|on|$5|bcast|$6|noloop|$8|redirect|:0|$8|prefixes|*1|$0|")]
    [InlineData("a>CLIENT TRACKING ON OPTOUT; a>CLIENT CACHING NO; a>" + Info, "+OK|+OK|*6|$5|flags|*3|$2|on|$6|optout|$10|caching-no|$8|redirect|:0|$8|prefixes|*0")]
    [InlineData("a>CLIENT TRACKING ON OPTIN OPTOUT", "-ERR You can't specify both OPTIN mode and OPTOUT mode")]
    [InlineData("a>CLIENT TRACKING ON PREFIX a", "-ERR PREFIX option requires BCAST mode to be enabled")]
    [InlineData("a>CLIENT TRACKING ON BCAST PREFIX ab PREFIX a", "-ERR Prefix 'ab' overlaps with another provided prefix 'a'. Prefixes for a single client must not overlap.")]
    [InlineData("a>CLIENT TRACKING ON BCAST PREFIX ab; a>CLIENT TRACKING ON BCAST PREFIX a",
        "+OK|-ERR Prefix 'a' overlaps with an existing prefix 'ab'. Prefixes for a single client must not overlap.")]
    [InlineData("a>CLIENT TRACKING ON REDIRECT 9999", "-ERR The client ID you want redirect to does not exist")]
    public async Task Messages_are_those_of_redis(string script, string expected)
    {
        await using var host = new ServerHost();

        string got = await host.RunAsync(script);

        Assert.Equal(expected.TrimEnd('|'), got);
    }

    [Theory]
    [InlineData("a>SUBSCRIBE x; a>UNSUBSCRIBE", true)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON BCAST; a>RESET", false)]
    [InlineData("a>HELLO 3; a>CLIENT TRACKING ON BCAST; a>HELLO 2", false)]
    public async Task A_writer_that_has_found_a_client_sends_it_nothing_once_that_can_take_no_messages(string script, bool isRedirected)
    {
        await using var host = new ServerHost();
        await host.RunAsync(script);
        ClientSession client = host["a"].Session;

        client.Send(new Invalidation(["k"u8.ToArray()], isRedirected), 0);

        Assert.Equal("+PONG\r\n", await host["a"].RunAsync(["PING"]));
    }

    [Fact]
    public async Task Invalidations_that_wait_come_before_the_word_that_the_last_channel_is_left()
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>HELLO 2; a>SUBSCRIBE x; b>CLIENT TRACKING ON BCAST REDIRECT $a");
        host.State.Channels.Changed += (_, _) => host.State.Tracking.Invalidate("k"u8, 0);

        string got = await host.RunAsync("a>UNSUBSCRIBE; a>PING");

        Assert.Equal("*3|$7|message|$20|__redis__:invalidate|*1|$1|k|*3|$11|unsubscribe|$1|x|:0|+PONG", got);
    }

    [Fact]
    public void Changes_by_prefix_count_as_untold_until_all_are_told_of_them()
    {
        var table = new BroadcastTable();
        table.Add(new ClientSession(1, "remote", "local", DateTimeOffset.UnixEpoch, static () => { }), []);
        table.Note("k"u8, 0);
        bool others = false; // who looks meanwhile whether there is something to tell before a reply leaves

        table.Take((_, _) => others = table.HasChanges);

        Assert.True(others);
        Assert.False(table.HasChanges);
    }

    [Fact]
    public async Task A_client_hears_that_the_one_it_redirects_to_is_gone()
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["PING"]);
        long target = host["b"].Session.Id;
        await host["a"].RunAsync(["HELLO", "3"]);
        await host["a"].RunAsync(["CLIENT", "TRACKING", "ON", "REDIRECT", $"{target}"]);
        await host["a"].RunAsync(["GET", "k"]);
        await host["b"].LeaveAsync();

        await host["c"].RunAsync(["SET", "k", "1"]);

        Assert.Equal($">2\r\n$21\r\ntracking-redir-broken\r\n:{target}\r\n", await host["a"].RestAsync());
        Assert.Contains("broken_redirect", await host["a"].RunAsync(["CLIENT", "TRACKINGINFO"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_beyond_the_limit_are_given_up_and_told()
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["CONFIG", "SET", "tracking-table-max-keys", "10"]);
        await host["a"].RunAsync(["HELLO", "3"]);
        await host["a"].RunAsync(["CLIENT", "TRACKING", "ON"]);

        string all = "";
        for (int i = 0; i < 100; i++) all += await host["a"].RunAsync(["GET", $"k{i}"]);

        Assert.Equal(10, host.State.Tracking.KeyCount);
        Assert.Equal(10, host.State.Tracking.ItemCount);
        Assert.Equal(90, all.Split("invalidate").Length - 1);
    }

    [Fact]
    public async Task A_limit_that_is_lowered_gives_up_keys_at_once()
    {
        await using var host = new ServerHost();
        await host["a"].RunAsync(["HELLO", "3"]);
        await host["a"].RunAsync(["CLIENT", "TRACKING", "ON", "NOLOOP"]);
        await host["a"].RunAsync(["MGET", "x", "y", "z"]);

        string got = await host["a"].RunAsync(["CONFIG", "SET", "tracking-table-max-keys", "1"]) + await host["a"].RestAsync();

        Assert.Equal(1, host.State.Tracking.KeyCount);
        Assert.Equal(2, got.Split("invalidate").Length - 1);
    }

    [Theory]
    [InlineData("a>CLIENT TRACKING ON; a>GET k; b>SET k 1", 0)]
    [InlineData("a>CLIENT TRACKING ON; a>GET k; a>CLIENT TRACKING OFF", 1)]
    [InlineData("a>CLIENT TRACKING ON; a>GET k; a>CLIENT TRACKING OFF; b>SET k 1", 0)]
    [InlineData("a>CLIENT TRACKING ON; a>GET k; a>CLIENT TRACKING OFF; b>FLUSHALL", 0)]
    public async Task A_key_is_remembered_until_it_changes_though_tracking_is_turned_off(string script, int keys)
    {
        await using var host = new ServerHost();

        await host.RunAsync(script);

        Assert.Equal(keys, host.State.Tracking.KeyCount);
    }

    [Fact]
    public async Task No_key_is_remembered_when_the_last_reader_has_left_though_it_had_turned_tracking_off()
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>CLIENT TRACKING ON; a>GET k; b>CLIENT TRACKING ON; b>GET k; a>CLIENT TRACKING OFF");

        await host["b"].LeaveAsync();

        Assert.Equal(1, host.State.Tracking.KeyCount);
        await host["a"].LeaveAsync();
        Assert.Equal(0, host.State.Tracking.KeyCount);
        Assert.False(host.State.KeyEvents.IsActive);
    }

    [Fact]
    public async Task Nothing_listens_to_the_store_when_the_last_client_has_left()
    {
        await using var host = new ServerHost();
        await host["a"].RunAsync(["CLIENT", "TRACKING", "ON"]);
        Assert.True(host.State.KeyEvents.IsActive);

        await host["a"].LeaveAsync();

        Assert.False(host.State.KeyEvents.IsActive);
        Assert.Equal(0, host.State.Tracking.ClientCount);
    }

    /// <summary>The client a is in line; what it waits for can't come before.</summary>
    private static async Task BlockedAsync(ServerHost host)
    {
        for (long since = Environment.TickCount64; !host["a"].Session.IsBlocked || host.State.Blocked.Waiting == 0; await Task.Yield())
            Assert.True(Environment.TickCount64 - since < ConnectionHost.WaitMax.TotalMilliseconds);
    }
}
