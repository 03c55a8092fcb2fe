using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

[Collection(nameof(FourInstances))]
public sealed class PubSubTests(FourInstances four)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Messages_of_every_instance_reach_every_instance_once_and_in_order()
    {
        const int each = 50;
        await four.LinkedAsync();
        var subscribers = FourInstances.Names.Select(four.Connect).ToArray();
        var publishers = FourInstances.Names.Select(four.Connect).ToArray();
        for (var i = 0; i < subscribers.Length; i++) Assert.Equal("*[$\"subscribe\", $\"ps:all\", :1]", subscribers[i].Command("SUBSCRIBE", "ps:all").ToString());

        for (var n = 0; n < each; n++)
        {
            for (var i = 0; i < publishers.Length; i++) Assert.Equal(4, publishers[i].Command("PUBLISH", "ps:all", $"{i}:{n}").Number);
        }

        foreach (var subscriber in subscribers)
        {
            var last = new int[publishers.Length];
            for (var got = 0; got < each * publishers.Length; got++)
            {
                var message = subscriber.Receive().Items![2].Text.Split(':').Select(int.Parse).ToArray();
                Assert.Equal(last[message[0]]++, message[1]);
            }

            Assert.Equal("*[$\"pong\", $\"\"]", subscriber.Command("PING").ToString()); // no message came twice
        }

        Dispose(subscribers);
        Dispose(publishers);
    }

    [Fact]
    public async Task A_crowd_of_subscribers_at_a_leaf_is_counted_and_reached_from_another()
    {
        const int Crowd = 500;
        await four.LinkedAsync();
        using var publisher = four.Connect("b");
        var subscribers = Enumerable.Range(0, Crowd).Select(_ => four.Connect("a")).ToArray();
        for (var i = 0; i < Crowd; i++) subscribers[i].Send("SUBSCRIBE", $"cr:own:{i}", "cr:all");
        foreach (var subscriber in subscribers) Assert.Equal(("cr:own", "cr:all"), (subscriber.Receive().Items![1].Text[..6], subscriber.Receive().Items![1].Text));

        Assert.Equal(Crowd, publisher.Command("PUBLISH", "cr:all", "to all").Number);
        Assert.Equal(1, publisher.Command("PUBLISH", $"cr:own:{Crowd / 2}", "to one").Number);
        Assert.Equal("PONG", publisher.Command("PING").Text);

        Assert.All(subscribers, subscriber => Assert.Equal("to all", subscriber.Receive().Items![2].Text));
        Assert.Equal("to one", subscribers[Crowd / 2].Receive().Items![2].Text);
        Dispose(subscribers);
    }

    [Fact]
    public async Task Patterns_and_shard_channels_are_heard_and_counted_over_the_tree()
    {
        await four.LinkedAsync();
        using var pattern = four.Connect("a");
        using var same = four.Connect("b");
        using var shard = four.Connect("branch");
        using var channel = four.Connect("b");
        pattern.Command("PSUBSCRIBE", "pt:*");
        same.Command("PSUBSCRIBE", "pt:*");
        shard.Command("SSUBSCRIBE", "pt:shard");
        channel.Command("SUBSCRIBE", "pt:x");
        using var root = four.Connect("root");
        using var leaf = four.Connect("a");
        foreach (var client in new[] { root, leaf })
        {
            Assert.Equal("*[$\"pt:x\", :1, $\"none\", :0]", client.Command("PUBSUB", "NUMSUB", "pt:x", "none").ToString());
            Assert.Equal("*[$\"pt:shard\", :1]", client.Command("PUBSUB", "SHARDNUMSUB", "pt:shard").ToString());
            Assert.Equal("*[$\"pt:x\"]", client.Command("PUBSUB", "CHANNELS", "pt:*").ToString());
            Assert.Equal("*[$\"pt:shard\"]", client.Command("PUBSUB", "SHARDCHANNELS", "pt:*").ToString());
            Assert.Equal(1, client.Command("PUBSUB", "NUMPAT").Number);
            Assert.Equal(3, client.Command("PUBLISH", "pt:x", "m").Number);
            Assert.Equal(1, client.Command("SPUBLISH", "pt:shard", "s").Number);
            Assert.Equal("*[$\"pmessage\", $\"pt:*\", $\"pt:x\", $\"m\"]", pattern.Receive().ToString());
            Assert.Equal("*[$\"pmessage\", $\"pt:*\", $\"pt:x\", $\"m\"]", same.Receive().ToString());
            Assert.Equal("*[$\"message\", $\"pt:x\", $\"m\"]", channel.Receive().ToString());
            Assert.Equal("*[$\"smessage\", $\"pt:shard\", $\"s\"]", shard.Receive().ToString());
        }

        pattern.Command("PUNSUBSCRIBE");
        same.Dispose();
        Assert.True(await Eventually.HoldsAsync(() => root.Command("PUBLISH", "pt:x", "m").Number == 1, Patience), "an unsubscription was not passed on");
    }

    [Fact]
    public async Task Messages_of_transactions_and_scripts_at_a_leaf_reach_the_others()
    {
        await four.LinkedAsync();
        using var subscriber = four.Connect("a");
        using var publisher = four.Connect("b");
        subscriber.Command("SUBSCRIBE", "tx:c");

        publisher.Command("MULTI");
        publisher.Command("PUBLISH", "tx:c", "1");
        Assert.Equal("*[:1]", publisher.Command("EXEC").ToString());
        Assert.Equal(1, publisher.Command("EVAL", "return redis.call('publish', 'tx:c', '2')", "0").Number);

        // The script's is sent by the root, and may be there before what the leaf has sent.
        string[] received = [subscriber.Receive().Items![2].Text, subscriber.Receive().Items![2].Text];
        Assert.Equal(["1", "2"], received.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_transaction_about_the_connection_runs_at_the_leaf_and_never_on_a_link()
    {
        await four.LinkedAsync();
        using var client = four.Connect3("a");
        using var publisher = four.Connect("b");
        client.Command("MULTI");
        client.Command("SUBSCRIBE", "mx:c");
        client.Command("CLIENT", "SETNAME", "mx");
        Assert.Equal("*[>[$\"subscribe\", $\"mx:c\", :1], +OK]", client.Command("EXEC").ToString());
        Assert.Equal("mx", client.Command("CLIENT", "GETNAME").Text);
        Assert.Equal(1, publisher.Command("PUBLISH", "mx:c", "m").Number);
        Assert.Equal(">[$\"message\", $\"mx:c\", $\"m\"]", client.Receive().ToString());

        client.Command("MULTI");
        client.Command("SUBSCRIBE", "mx:d");
        client.Command("SET", "mx:k", "v");
        Assert.Equal("*[>[$\"subscribe\", $\"mx:d\", :2], +OK]", client.Command("EXEC").ToString());
        Assert.Equal(1, publisher.Command("PUBLISH", "mx:d", "m").Number);
        Assert.Equal(">[$\"message\", $\"mx:d\", $\"m\"]", client.Receive().ToString());

        client.Command("MULTI");
        client.Command("CLIENT", "TRACKING", "ON");
        client.Command("GET", "mx:k");
        Assert.StartsWith("EXECABORT", client.Command("EXEC").Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hundred_thousand_subscriptions_at_one_leaf_hear_what_is_published_at_another()
    {
        const int connections = 100, channels = 1000, looked = 300, seed = 3;
        await four.LinkedAsync();
        var clients = Enumerable.Range(0, connections).Select(_ => four.Connect("a")).ToArray();
        for (var i = 0; i < connections; i++) clients[i].Send(["SUBSCRIBE", .. Enumerable.Range(0, channels).Select(n => $"hk:{i}:{n}")]);
        foreach (var client in clients)
        {
            for (var n = 0; n < channels; n++) client.Receive();
        }

        using var publisher = four.Connect("b");
        var random = new Random(seed);
        for (var look = 0; look < looked; look++)
        {
            var (i, n) = (random.Next(connections), random.Next(channels));
            publisher.Command("PUBLISH", $"hk:{i}:{n}", $"{look}");
            Assert.Equal($"*[$\"message\", $\"hk:{i}:{n}\", $\"{look}\"]", clients[i].Receive().ToString());
        }

        foreach (var client in clients) Assert.Equal("*[$\"pong\", $\"\"]", client.Command("PING").ToString());
        Dispose(clients);
    }

    [Fact]
    public async Task A_subscriber_that_never_reads_is_cut_and_the_others_hear_on()
    {
        await four.LinkedAsync();
        using var deaf = new RespTestClient(four.Tree["a"].Port, receiveBufferBytes: 8 << 10);
        using var hears = four.Connect("a");
        using var publisher = four.Connect("b");
        deaf.Command("SUBSCRIBE", "deaf:c");
        hears.Command("SUBSCRIBE", "deaf:c");
        var message = new byte[1 << 20];
        var receivers = 2L;
        for (var n = 0; n < 100 && receivers == 2; n++)
        {
            receivers = publisher.Command("PUBLISH"u8.ToArray(), "deaf:c"u8.ToArray(), message).Number;
            Assert.Equal(message.Length, hears.Receive().Items![2].Bytes!.Length);
        }

        Assert.Equal(1, receivers);
    }

    [Fact]
    public async Task A_large_message_crosses_the_tree_whole_and_one_beyond_the_limit_is_refused()
    {
        await four.LinkedAsync();
        using var subscriber = four.Connect("a");
        using var publisher = four.Connect("b");
        subscriber.Command("SUBSCRIBE", "big:c");
        var message = new byte[4_000_000];
        new Random(9).NextBytes(message);

        Assert.Equal(1, publisher.Command("PUBLISH"u8.ToArray(), "big:c"u8.ToArray(), message).Number);

        Assert.Equal(message, subscriber.Receive().Items![2].Bytes);
        Assert.StartsWith("ERR a message to the other instances", publisher.Command("PUBLISH"u8.ToArray(), "big:c"u8.ToArray(), new byte[34_000_000]).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_of_keys_written_anywhere_are_told_once_where_they_are_asked_for()
    {
        await four.LinkedAsync();
        using var asks = four.Connect("a");
        using var asksNot = four.Connect("branch");
        using var reader = four.Connect("a");
        using var writer = four.Connect("b");
        using var root = four.Connect("root");
        Assert.Equal("OK", asks.Command("CONFIG", "SET", "notify-keyspace-events", "KEA").Text);
        writer.Command("SET", "ev:k", "0");
        reader.Command("GET", "ev:k");
        asks.Command("PSUBSCRIBE", "__key*__:*");
        asksNot.Command("PSUBSCRIBE", "__key*__:*");

        for (var n = 1; n <= 50; n++)
        {
            Assert.Equal("OK", writer.Command("SET", "ev:k", $"{n}").Text);
            Assert.Equal("__keyspace@0__:ev:k set", Next());
            Assert.Equal($"{n}", reader.Command("GET", "ev:k").Text); // whoever hears of it and reads gets the new value
            Assert.Equal("__keyevent@0__:set ev:k", Next());
        }

        root.Command("HSET", "ev:h", "f", "v");
        writer.Command("PEXPIRE", "ev:k", "50");
        string[] expected =
        [
            "__keyspace@0__:ev:h hset", "__keyevent@0__:hset ev:h", "__keyspace@0__:ev:k expire", "__keyevent@0__:expire ev:k",
            "__keyspace@0__:ev:k expired", "__keyevent@0__:expired ev:k",
        ];
        foreach (var one in expected) Assert.Equal(one, Next());
        reader.Command("HAL.EVICT", "ev:h");
        Assert.Equal("OK", asks.Command("RESET").Text is "RESET" ? "OK" : "no"); // nothing came twice, and an evicted copy is no event
        Assert.Equal("*[$\"pong\", $\"\"]", asksNot.Command("PING").ToString());
        Assert.Equal("OK", asks.Command("CONFIG", "SET", "notify-keyspace-events", "").Text);

        string Next()
        {
            var message = asks.Receive().Items!;
            return $"{message[2].Text} {message[3].Text}";
        }
    }

    [Fact]
    public async Task A_miss_at_a_leaf_is_told_once_where_misses_are_asked_for()
    {
        await four.LinkedAsync();
        using var asks = four.Connect("b");
        using var reader = four.Connect("a");
        asks.Command("CONFIG", "SET", "notify-keyspace-events", "Em");
        asks.Command("SUBSCRIBE", "__keyevent@0__:keymiss");

        reader.Command("GET", "miss:1");
        reader.Command("GET", "miss:1");

        Assert.Equal("miss:1", asks.Receive().Items![2].Text);
        Assert.Equal("miss:1", asks.Receive().Items![2].Text);
        Assert.Equal("RESET", asks.Command("RESET").Text);
        asks.Command("CONFIG", "SET", "notify-keyspace-events", "");
    }

    [Fact]
    public async Task A_subscriber_below_a_branch_that_is_killed_hears_on_and_the_branch_is_linked_again()
    {
        await four.LinkedAsync();
        using var subscriber = four.Connect("a");
        using var publisher = four.Connect("b");
        using var above = four.Connect("root");
        subscriber.Command("SUBSCRIBE", "kill:c");
        Assert.Equal(1, publisher.Command("PUBLISH", "kill:c", "0").Number);
        Assert.Equal("0", subscriber.Receive().Items![2].Text);

        four.Tree["branch"].Kill();
        // What PUBLISH counts may be what the dead branch told: only a message that arrives shows the new link.
        Assert.True(await Eventually.HoldsAsync(Reached, Patience), "the leaf was not reached again");
        bool Reached()
        {
            above.Command("PUBLISH", "kill:c", "again");
            return subscriber.HasInput;
        }

        for (var n = 1; n <= 20; n++) Assert.Equal(1, above.Command("PUBLISH", "kill:c", $"{n}").Number);

        for (var n = 1; n <= 20;)
        {
            var text = subscriber.Receive().Items![2].Text;
            if (text == "again") continue;
            Assert.Equal($"{n++}", text);
        }

        four.Tree["branch"].Start();
        four.Tree.WaitConnected();
        await four.LinkedAsync();
        using var branch = four.Connect("branch");
        branch.Command("SUBSCRIBE", "kill:c");
        Assert.Equal(2, publisher.Command("PUBLISH", "kill:c", "end").Number);
        Assert.Equal("end", subscriber.Receive().Items![2].Text);
        Assert.Equal("end", branch.Receive().Items![2].Text);
    }

    private static void Dispose(RespTestClient[] clients)
    {
        foreach (var client in clients) client.Dispose();
    }
}
