using Hal.Cache.Gateway.Clients;
using Hal.Cache.Gateway.PubSub;
using Hal.Cache.Resp;

namespace Hal.Cache.Gateway.Tests.Server;

/// <summary>Each row runs a script (see <see cref="ServerHost.RunAsync"/>) and names all that client a gets after its HELLO.</summary>
public sealed class PubSubTests
{
    private const string Subscribed = "*3|$9|subscribe|$1|x|:1";

    [Theory]
    [InlineData("a>SUBSCRIBE x; b>PUBLISH x hi", Subscribed + "|*3|$7|message|$1|x|$2|hi")]
    [InlineData("a>HELLO 3; a>SUBSCRIBE x; b>PUBLISH x hi; a>GET k", ">3|$9|subscribe|$1|x|:1|>3|$7|message|$1|x|$2|hi|_")]
    [InlineData("a>HELLO 3; a>SUBSCRIBE x; a>PUBLISH x hi", ">3|$9|subscribe|$1|x|:1|:1|>3|$7|message|$1|x|$2|hi")]
    [InlineData("a>SUBSCRIBE x x; a>PSUBSCRIBE x*", Subscribed + "|*3|$9|subscribe|$1|x|:1|*3|$10|psubscribe|$2|x*|:2")]
    [InlineData("a>SUBSCRIBE x; a>PSUBSCRIBE ?; b>PUBLISH x hi", Subscribed + "|*3|$10|psubscribe|$1|?|:2|*3|$7|message|$1|x|$2|hi|*4|$8|pmessage|$1|?|$1|x|$2|hi")]
    [InlineData("a>PUBLISH x hi", ":0")]
    [InlineData("b>SUBSCRIBE x; c>PSUBSCRIBE *; a>PUBLISH x hi", ":2")]
    [InlineData("a>SSUBSCRIBE x; b>PUBLISH x no; b>SPUBLISH x hi", "*3|$10|ssubscribe|$1|x|:1|*3|$8|smessage|$1|x|$2|hi")]
    [InlineData("a>SUBSCRIBE x; a>UNSUBSCRIBE; b>PUBLISH x hi; a>GET k", Subscribed + "|*3|$11|unsubscribe|$1|x|:0|$-1")]
    [InlineData("a>UNSUBSCRIBE; a>PUNSUBSCRIBE; a>SUNSUBSCRIBE", "*3|$11|unsubscribe|$-1|:0|*3|$12|punsubscribe|$-1|:0|*3|$12|sunsubscribe|$-1|:0")]
    [InlineData("a>UNSUBSCRIBE x y", "*3|$11|unsubscribe|$1|x|:0|*3|$11|unsubscribe|$1|y|:0")]
    [InlineData("a>SUBSCRIBE x; a>GET k", Subscribed + "|-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")]
    [InlineData("a>SUBSCRIBE x; a>PING; a>PING hey; a>RESET; a>PING", Subscribed + "|*2|$4|pong|$0||*2|$4|pong|$3|hey|+RESET|+PONG")]
    [InlineData("a>HELLO 3; a>SUBSCRIBE x; a>PING", ">3|$9|subscribe|$1|x|:1|+PONG")]
    [InlineData("a>HELLO 3; a>SUBSCRIBE x; a>MULTI; a>PUBLISH x hi; a>GET k; a>EXEC", ">3|$9|subscribe|$1|x|:1|+OK|+QUEUED|+QUEUED|*2|:1|_|>3|$7|message|$1|x|$2|hi")]
    [InlineData("b>SUBSCRIBE x y; a>PUBSUB CHANNELS x*; a>PUBSUB NUMSUB x z; a>PUBSUB NUMPAT", "*1|$1|x|*4|$1|x|:1|$1|z|:0|:0")]
    [InlineData("b>PSUBSCRIBE a* b*; c>PSUBSCRIBE a*; a>PUBSUB NUMPAT; a>PUBSUB CHANNELS", ":2|*0")]
    [InlineData("b>SSUBSCRIBE s; a>PUBSUB SHARDCHANNELS; a>PUBSUB SHARDNUMSUB s; a>PUBSUB CHANNELS", "*1|$1|s|*2|$1|s|:1|*0")]
    [InlineData("a>PUBSUB CHANNELS a b", "-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.")]
    public async Task Replies_are_those_of_redis(string script, string expected)
    {
        await using var host = new ServerHost();

        Assert.Equal(expected, await host.RunAsync(script));
    }

    [Theory]
    [InlineData("KEA", "b>SET k 1", "__keyspace@0__:k set, __keyevent@0__:set k")]
    [InlineData("E$", "b>SET k 1; b>DEL k", "__keyevent@0__:set k")]
    [InlineData("Kg", "b>SET k 1; b>DEL k", "__keyspace@0__:k del")]
    [InlineData("EA", "b>SET k 1 EX 10", "__keyevent@0__:set k, __keyevent@0__:expire k")]
    [InlineData("EA", "b>SELECT 2; b>INCR k; b>APPEND k 1; b>SETRANGE k 0 x", "__keyevent@2__:incrby k, __keyevent@2__:append k, __keyevent@2__:setrange k")]
    [InlineData("EA", "b>SET k 1; b>RENAME k j", "__keyevent@0__:set k, __keyevent@0__:rename_from k, __keyevent@0__:rename_to j")]
    [InlineData("EA", "b>SET k 1; b>MOVE k 1", "__keyevent@0__:set k, __keyevent@0__:move_from k, __keyevent@1__:move_to k")]
    [InlineData("Eg", "b>HSET k f v; b>RENAME k j", "__keyevent@0__:rename_from k, __keyevent@0__:rename_to j")]
    [InlineData("Eg", "b>SADD k a; b>RENAMENX k j", "__keyevent@0__:rename_from k, __keyevent@0__:rename_to j")]
    [InlineData("Eg", "b>XADD k 1-1 f v; b>MOVE k 1", "__keyevent@0__:move_from k, __keyevent@1__:move_to k")]
    [InlineData("EA", "b>SET k 1; b>COPY k j DB 3", "__keyevent@0__:set k, __keyevent@3__:copy_to j")]
    [InlineData("Ex", "b>SET k 1 EX 5; +6; b>GET k", "__keyevent@0__:expired k")]
    [InlineData("Em", "b>GET k; b>SET k 1; b>GET k", "__keyevent@0__:keymiss k")]
    [InlineData("En", "b>SET k 1; b>SET k 2", "__keyevent@0__:new k")]
    [InlineData("A", "b>SET k 1", "")]
    public async Task Events_are_published_when_their_class_is_on(string classes, string script, string expected)
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["CONFIG", "SET", "notify-keyspace-events", classes]);

        string got = await host.RunAsync("a>HELLO 3; a>PSUBSCRIBE __key*; " + script);

        string[] lines = got.Split('|');
        var events = new List<string>();
        for (int i = 0; i + 6 < lines.Length; i++)
        {
            if (lines[i] == "pmessage") events.Add($"{lines[i + 4]} {lines[i + 6]}");
        }

        Assert.Equal(expected, string.Join(", ", events));
    }

    [Theory]
    [InlineData("UNSUBSCRIBE x y", "*3|$11|unsubscribe|$1|x|:1|*3|$11|unsubscribe|$1|y|:0")]
    [InlineData("UNSUBSCRIBE", "*3|$11|unsubscribe|$1|x|:1|*3|$11|unsubscribe|$1|y|:0")]
    [InlineData("RESET", "+RESET")]
    public async Task Messages_that_come_while_a_client_leaves_a_channel_come_before_it_hears_that_it_has(string leave, string reply)
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>HELLO 2; a>SUBSCRIBE x y");
        host.State.Channels.Changed += (_, name) =>
        {
            if (name is [(byte)'x']) host.State.Channels.Publish("y"u8, "last"u8, 0);
        };

        string got = await host.RunAsync($"a>{leave}; a>PING");

        Assert.Equal($"*3|$7|message|$1|y|$4|last|{reply}|+PONG", got);
    }

    [Theory]
    [InlineData("HELLO 2", ">3|$7|message|$1|x|$4|last|*14|")]
    [InlineData("RESET", ">3|$7|message|$1|x|$4|last|+RESET|")]
    public async Task Messages_that_wait_are_written_in_the_old_protocol_ahead_of_the_reply_that_begins_a_new_one(string command, string expected)
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>HELLO 3; a>SUBSCRIBE x");
        host.State.Channels.Changed += (_, name) =>
        {
            if (name is [(byte)'y'] && host["a"].Session.Protocol == 3) host.State.Channels.Publish("x"u8, "last"u8, 0);
        };

        string got = await host["a"].PipelineAsync($"SUBSCRIBE y; {command}; PING end", "end");

        Assert.Contains(expected, got, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_is_in_the_protocol_that_the_client_speaks_when_it_gets_it()
    {
        await using var host = new ServerHost();
        ClientSession client = host["a"].Session;
        client.Wake = static () => { }; // it never looks
        var message = new PushText("message"u8.ToArray(), "x"u8.ToArray());
        using var reply = new RespWriter();
        client.Change(protocol: 3, client.Modes, reply);
        client.Send(message, 0);
        client.Change(protocol: 2, client.Modes, reply);
        client.Send(message, 0);

        Assert.Equal(">2\r\n$7\r\nmessage\r\n$1\r\nx\r\n"u8.ToArray(), reply.WrittenSpan.ToArray());
        Assert.Equal("*2\r\n$7\r\nmessage\r\n$1\r\nx\r\n"u8.ToArray(), client.Outbox.Take().ToArray());
    }

    [Fact]
    public async Task A_subscription_takes_up_the_reply_that_was_to_be_skipped()
    {
        await using var host = new ServerHost();

        string got = await host["a"].PipelineAsync("CLIENT REPLY SKIP; SUBSCRIBE x; PING one; PING end", "end");

        Assert.Equal("*3|$9|subscribe|$1|x|:1|*2|$4|pong|$3|one|*2|$4|pong|$3|end|", got);
    }

    [Theory]
    [InlineData("MULTI; SUBSCRIBE y; UNSUBSCRIBE x y; HELLO 2; EXEC; PING end",
        "+OK|+QUEUED|+QUEUED|+QUEUED|>3|$7|message|$1|x|$4|last|*3|>3|$9|subscribe|$1|y|:2|>3|$11|unsubscribe|$1|x|:1|>3|$11|unsubscribe|$1|y|:0|*14|")]
    [InlineData("MULTI; SUBSCRIBE y; UNSUBSCRIBE x; EXEC; PING end",
        "+OK|+QUEUED|+QUEUED|>3|$7|message|$1|x|$4|last|*2|>3|$9|subscribe|$1|y|:2|>3|$11|unsubscribe|$1|x|:1|$3|end|")]
    [InlineData("MULTI; SUBSCRIBE y; HELLO 2; EXEC; PING end", "+OK|+QUEUED|+QUEUED|>3|$7|message|$1|x|$4|last|*2|>3|$9|subscribe|$1|y|:2|*14|")]
    [InlineData("SUBSCRIBE y; CLIENT REPLY SKIP; HELLO 2; PING end", ">3|$9|subscribe|$1|y|:2|>3|$7|message|$1|x|$4|last|*2|$4|pong|$3|end|")]
    public async Task A_message_that_comes_before_its_client_changes_goes_ahead_of_the_reply_in_the_old_form(string commands, string begins)
    {
        await using var host = new ServerHost();
        await host.RunAsync("a>HELLO 3; a>SUBSCRIBE x");
        host.State.Channels.Changed += (_, name) =>
        {
            if (name is [(byte)'y'] && host.State.Channels.SubscriberCount(Gateway.PubSub.SubscriptionKind.Channel, name) > 0)
                host.State.Channels.Publish("x"u8, "last"u8, 0); // as another client would, in the midst of it
        };

        string got = await host["a"].PipelineAsync(commands, "end\r\n");

        Assert.StartsWith(begins, got, StringComparison.Ordinal);
        Assert.DoesNotContain("last", got[begins.Length..], StringComparison.Ordinal);
        Assert.Equal("", await host["a"].RestAsync());
    }

    [Theory]
    [InlineData("MULTI; SET x y; CLIENT REPLY OFF; GET x; EXEC; PING; CLIENT REPLY ON; ECHO end", "+OK|+QUEUED|+QUEUED|+QUEUED|*3|+OK|+OK|$3|end|")]
    [InlineData("MULTI; SET x y; CLIENT REPLY SKIP; GET x; EXEC; PING; PING; ECHO end", "+OK|+QUEUED|+QUEUED|+QUEUED|*3|+OK|$1|y|+PONG|$3|end|")]
    [InlineData("CLIENT REPLY OFF; MULTI; SET x y; CLIENT REPLY ON; GET x; EXEC; ECHO end", "+OK|$1|y|$3|end|")]
    [InlineData("MULTI; SET x y; CLIENT REPLY SKIP; EXEC; MULTI; SET x z; EXEC; ECHO end", "+OK|+QUEUED|+QUEUED|*2|+OK|+QUEUED|*1|+OK|$3|end|")]
    [InlineData("MULTI; CLIENT REPLY OFF; SUBSCRIBE c; EXEC; CLIENT REPLY ON; PING end", "+OK|+QUEUED|+QUEUED|*2|>3|$9|subscribe|$1|c|:1|+OK|$3|end|")]
    public async Task CLIENT_REPLY_within_a_transaction_holds_from_its_place_on(string commands, string expected)
    {
        await using var host = new ServerHost();
        await host["a"].RunAsync(["HELLO", "3"]);

        Assert.Equal(expected, await host["a"].PipelineAsync(commands, "end\r\n"));
    }

    [Theory]
    [InlineData(nameof(ReplyMode.Off), false)]
    [InlineData(nameof(ReplyMode.Skip), false)]
    [InlineData(nameof(ReplyMode.SkipNext), true)]
    [InlineData(nameof(ReplyMode.On), true)]
    public async Task A_client_that_monitors_gets_no_lines_while_its_replies_are_off(string mode, bool isTold)
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["MONITOR"]);
        await host["b"].RestAsync();
        host["b"].Session.Wake = static () => { }; // it never looks
        host["b"].Session.Replies = Enum.Parse<ReplyMode>(mode);

        await host["a"].RunAsync(["GET", "k"]);

        Assert.Equal(isTold, host["b"].Session.HasMessages);
    }

    [Fact]
    public async Task Replies_and_messages_do_not_wait_for_a_command_behind_them_that_a_pause_holds()
    {
        await using var host = new ServerHost();
        await host.RunAsync("b>CLIENT PAUSE 100000 WRITE; a>HELLO 3; a>SUBSCRIBE x");
        host.State.Channels.Changed += (_, name) =>
        {
            if (name is [(byte)'y']) host.State.Channels.Publish("x"u8, "last"u8, 0);
        };

        string got = await host["a"].PipelineAsync("SUBSCRIBE y; PING; SET k 1", "last\r\n");

        Assert.Equal(">3|$9|subscribe|$1|y|:2|+PONG|>3|$7|message|$1|x|$4|last|", got);
    }

    [Fact]
    public async Task A_publisher_that_has_found_a_subscriber_sends_it_nothing_once_that_has_left()
    {
        await using var host = new ServerHost();
        ClientSession client = host["a"].Session;
        client.Wake = static () => { }; // it never looks
        var listener = new Listener(client);
        client.Send("early"u8, listener);
        listener.End();

        client.Send("late"u8, listener);

        Assert.Equal("early"u8.ToArray(), client.Outbox.Take().ToArray());
    }

    [Fact]
    public async Task A_subscriber_that_does_not_read_is_cut_when_its_outbox_is_full()
    {
        await using var host = new ServerHost();
        host.State.Channels.Subscribe(host["a"].Session, Gateway.PubSub.SubscriptionKind.Channel, "x"u8.ToArray());
        byte[] message = new byte[1 << 20];
        host["a"].Session.Wake = static () => { }; // it never looks

        await host["b"].RunAsync(["CONFIG", "SET", "client-output-buffer-limit", "pubsub 8mb 4mb 60"]);

        for (int i = 0; i < 8; i++) host.State.Channels.Publish("x"u8, message, 0);

        Assert.True(host["a"].IsCut);
    }

    [Fact]
    public async Task A_subscriber_that_stays_above_the_soft_limit_is_cut_when_its_time_is_over()
    {
        await using var host = new ServerHost();
        await host["b"].RunAsync(["CONFIG", "SET", "client-output-buffer-limit", "pubsub 8mb 2mb 10"]);
        host.State.Channels.Subscribe(host["a"].Session, Gateway.PubSub.SubscriptionKind.Channel, "x"u8.ToArray());
        host["a"].Session.Wake = static () => { };
        for (int i = 0; i < 3; i++) host.State.Channels.Publish("x"u8, new byte[1 << 20], 0);
        host.Time.Advance(TimeSpan.FromSeconds(9));
        host.State.Channels.Publish("x"u8, "still there"u8, 0);
        Assert.False(host["a"].IsCut);

        host.Time.Advance(TimeSpan.FromSeconds(2));
        host.State.Channels.Publish("x"u8, "too late"u8, 0);

        Assert.True(host["a"].IsCut);
    }

    [Theory]
    [InlineData("pubsub 1mb 512kb 5", "normal 0 0 0 slave 268435456 67108864 60 pubsub 1048576 524288 5")]
    [InlineData("normal 1k 0 0 replica 10 5 1", "normal 1000 0 0 slave 10 5 1 pubsub 33554432 8388608 60")]
    [InlineData("pubsub 1mb 512kb", null)]
    [InlineData("all 1 1 1", null)]
    [InlineData("pubsub x 1 1", null)]
    public async Task Output_limits_are_read_back_as_they_were_set(string value, string? expected)
    {
        await using var host = new ServerHost();

        string set = await host["a"].RunAsync(["CONFIG", "SET", "client-output-buffer-limit", value]);

        Assert.Equal(expected is not null, set == "+OK\r\n");
        if (expected is null) return;
        Assert.Contains(expected, await host["a"].RunAsync(["CONFIG", "GET", "client-output-buffer-limit"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hundred_thousand_subscribers_of_one_channel_come_hear_and_go()
    {
        const int subscribers = 100_000;
        await using var host = new ServerHost();
        var clients = new Gateway.Clients.ClientSession[subscribers];
        byte[] name = "x"u8.ToArray();
        for (int i = 0; i < subscribers; i++)
        {
            clients[i] = new(i + 10, "", "", DateTimeOffset.UnixEpoch, static () => { }, commands: 0);
            clients[i].Subscriptions = new();
            clients[i].Subscriptions!.TryAdd(Gateway.PubSub.SubscriptionKind.Channel, name);
            host.State.Channels.Subscribe(clients[i], Gateway.PubSub.SubscriptionKind.Channel, name);
        }

        Assert.Equal(subscribers, host.State.Channels.Publish("x"u8, "m"u8, 0));

        for (int i = 0; i < subscribers; i += 2) host.State.Channels.Remove(clients[i]);
        Assert.Equal(subscribers / 2, host.State.Channels.Publish("x"u8, "m"u8, 0));
        Assert.All(clients, client => Assert.True(client.HasMessages));
        foreach (Gateway.Clients.ClientSession client in clients) host.State.Channels.Remove(client);
        Assert.Equal(0, host.State.Channels.Publish("x"u8, "m"u8, 0));
        Assert.Equal(0, host.State.Channels.CountOf(Gateway.PubSub.SubscriptionKind.Channel));
    }
}
