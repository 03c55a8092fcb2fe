using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>
/// A client of leaf a tracks keys. What it is to hear is before it when the writer has its reply: so its next command, sent after that,
/// is answered behind the message.
/// </summary>
[Collection(nameof(FourInstances))]
public sealed class TrackingTests(FourInstances four)
{
    [Theory]
    [InlineData("a string", "SET t:1 0", "GET t:1", "SET t:1 1", "t:1")]
    [InlineData("no key", "DEL t:2", "GET t:2", "SET t:2 1", "t:2")]
    [InlineData("a key that goes", "SET t:3 0", "GET t:3", "DEL t:3", "t:3")]
    [InlineData("a key that is to expire", "SET t:4 0", "GET t:4", "EXPIRE t:4 100", "t:4")]
    [InlineData("a hash", "HSET t:5 f 0", "HGET t:5 f", "HSET t:5 f 1", "t:5")]
    [InlineData("a list", "RPUSH t:6 0", "LRANGE t:6 0 -1", "RPUSH t:6 1", "t:6")]
    [InlineData("a stream", "XADD t:7 * f 0", "XREAD COUNT 1 STREAMS t:7 0", "XADD t:7 * f 1", "t:7")]
    [InlineData("one of many", "MSET t:8 0 t:8b 0", "MGET t:8b t:8", "SET t:8 1", "t:8")]
    [InlineData("a key that a script reads", "SET t:9 0", "EVAL_RO return+redis.call('get',KEYS[1]) 1 t:9", "SET t:9 1", "t:9")]
    [InlineData("a key that a script writes", "SET t:10 0", "GET t:10", "EVAL return+redis.call('incr',KEYS[1]) 1 t:10", "t:10")]
    [InlineData("a renamed key", "SET t:11 0", "GET t:11", "RENAME t:11 t:11b", "t:11")]
    [InlineData("a renamed hash", "HSET t:12 f 0", "HGET t:12 f", "RENAME t:12 t:12b", "t:12")]
    [InlineData("a hash that another becomes", "HSET t:13b f 0", "HGET t:13 f", "RENAME t:13b t:13", "t:13")]
    public async Task A_client_hears_of_a_change_anywhere_before_the_writer_is_answered(string what, string before, string read, string write, string key)
    {
        await four.LinkedAsync();
        foreach (var writerAt in FourInstances.Names)
        {
            using var writer = four.Connect(writerAt);
            using var tracker = four.Connect3("a");
            writer.Command("DEL", key);
            Run(writer, before);
            Assert.Equal("OK", tracker.Command("CLIENT", "TRACKING", "ON").Text);
            Run(tracker, read);
            Assert.Equal("PONG", tracker.Command("PING").Text); // what is read is not at once out of date

            Run(writer, write);

            Assert.Equal((what, Invalidation(key)), (what, tracker.Command("PING").ToString()));
            Assert.Equal("PONG", tracker.Receive().Text);
            writer.Command("DEL", key);
            Assert.Equal("PONG", tracker.Command("PING").Text); // told once until it is read again
        }
    }

    [Fact]
    public void What_a_clients_own_write_at_a_leaf_ends_is_told_with_the_writes_reply()
    {
        using var tracker = four.Connect3("a");
        tracker.Command("SET", "t:own", "0");
        tracker.Command("CLIENT", "TRACKING", "ON");
        for (int i = 1; i <= 50; i++)
        {
            tracker.Command("GET", "t:own");
            Assert.Equal("OK", tracker.Command("SET", "t:own", $"{i}").Text);

            // Clients go on with the reply before they look for more: what they keep has to be gone by then.
            Assert.True(tracker.HasInput, $"write {i} was answered without the message");
            Assert.Equal(Invalidation("t:own"), tracker.Receive().ToString());
        }
    }

    [Fact]
    public async Task A_transactions_reads_are_tracked()
    {
        await four.LinkedAsync();
        using var writer = four.Connect("b");
        using var tracker = four.Connect3("a");
        writer.Command("SET", "tx:k", "0");
        tracker.Command("CLIENT", "TRACKING", "ON");
        tracker.Command("MULTI");
        tracker.Command("GET", "tx:k");
        tracker.Command("EXEC");

        writer.Command("SET", "tx:k", "1");

        Assert.Equal(Invalidation("tx:k"), tracker.Command("PING").ToString());
    }

    [Fact]
    public async Task Broadcast_tells_of_every_key_with_the_prefix_and_of_no_other()
    {
        await four.LinkedAsync();
        using var tracker = four.Connect3("a");
        using var own = four.Connect3("a");
        Assert.Equal("OK", tracker.Command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "bc:").Text);
        Assert.Equal("OK", own.Command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "bc:", "NOLOOP").Text);
        foreach (var writerAt in FourInstances.Names)
        {
            using var writer = four.Connect(writerAt);
            writer.Command("SET", "other", "1");
            writer.Command("SADD", "bc:1", writerAt);
            Assert.Equal(Invalidation("bc:1"), tracker.Command("PING").ToString());
            Assert.Equal("PONG", tracker.Receive().Text);
            writer.Command("MSET", "bc:2", "1", "x", "1", "bc:3", "1");
            Assert.Equal(Invalidation("bc:2", "bc:3"), tracker.Command("PING").ToString());
            Assert.Equal("PONG", tracker.Receive().Text);
            Assert.Equal(Invalidation("bc:1"), own.Receive().ToString());
            Assert.Equal(Invalidation("bc:2", "bc:3"), own.Receive().ToString());
        }

        own.Command("SET", "bc:4", "1");
        Assert.Equal("PONG", own.Command("PING").Text);
        Assert.Equal(Invalidation("bc:4"), tracker.Receive().ToString());
        using var last = four.Connect("b");
        Assert.Equal("OK", tracker.Command("CLIENT", "TRACKING", "OFF").Text);
        last.Command("SET", "bc:5", "1");
        Assert.Equal("PONG", tracker.Command("PING").Text);
        Assert.Equal(Invalidation("bc:5"), own.Command("PING").ToString());
    }

    [Fact]
    public async Task A_client_that_wants_no_word_of_its_own_changes_hears_of_those_of_others()
    {
        await four.LinkedAsync();
        using var writer = four.Connect("a");
        using var tracker = four.Connect3("a");
        using var loops = four.Connect3("a");
        tracker.Command("CLIENT", "TRACKING", "ON", "NOLOOP");
        loops.Command("CLIENT", "TRACKING", "ON");
        foreach (var other in new[] { "SET nl:k 2", "EVAL redis.call('set',KEYS[1],'3') 1 nl:k" })
        {
            tracker.Command("GET", "nl:k");
            tracker.Command("SET", "nl:k", "1");
            Assert.Equal("PONG", tracker.Command("PING").Text);
            tracker.Command("GET", "nl:k");
            Run(writer, other);
            Assert.Equal(Invalidation("nl:k"), tracker.Command("PING").ToString());
            Assert.Equal("PONG", tracker.Receive().Text);
            tracker.Command("GET", "nl:k");
            tracker.Command("MULTI");
            tracker.Command("INCR", "nl:k");
            tracker.Command("EXEC");
            Assert.Equal("PONG", tracker.Command("PING").Text);
        }

        loops.Command("GET", "nl:k");
        Assert.Equal("OK", loops.Command("SET", "nl:k", "1").Text); // its own change follows its own reply
        Assert.Equal(Invalidation("nl:k"), loops.Command("PING").ToString());
    }

    [Fact]
    public async Task A_client_that_tracks_no_more_is_told_while_it_waits_though_it_has_written()
    {
        await four.LinkedAsync();
        using var other = four.Connect("a");
        using var client = four.Connect3("a");
        client.Command("CLIENT", "TRACKING", "ON", "NOLOOP");
        client.Command("GET", "off:k");
        client.Command("SET", "off:k", "1");
        client.Command("CLIENT", "TRACKING", "OFF");
        client.Command("SUBSCRIBE", "off:c");
        client.Send("BLPOP", "off:q", "0");
        Assert.True(await Eventually.HoldsAsync(() => other.Command("INFO", "clients").Text.Contains("blocked_clients:1\r", StringComparison.Ordinal), TimeSpan.FromSeconds(10)));

        other.Command("PUBLISH", "off:c", "m");

        Assert.Contains("off:c", client.Receive().ToString(), StringComparison.Ordinal);
        other.Command("RPUSH", "off:q", "v");
        Assert.Contains("off:q", client.Receive().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Opting_in_and_out_is_as_at_the_root()
    {
        await four.LinkedAsync();
        using var writer = four.Connect("b");
        using var optsIn = four.Connect3("a");
        using var optsOut = four.Connect3("a");
        optsIn.Command("CLIENT", "TRACKING", "ON", "OPTIN");
        optsOut.Command("CLIENT", "TRACKING", "ON", "OPTOUT");
        optsIn.Command("GET", "oi:1");
        optsIn.Command("CLIENT", "CACHING", "YES");
        optsIn.Command("HGETALL", "oi:2");
        optsOut.Command("CLIENT", "CACHING", "NO");
        optsOut.Command("HGETALL", "oi:2");
        optsOut.Command("GET", "oi:1");

        writer.Command("SET", "oi:1", "v");
        writer.Command("HSET", "oi:2", "f", "v");

        Assert.Equal(Invalidation("oi:2"), optsIn.Command("PING").ToString());
        Assert.Equal("PONG", optsIn.Receive().Text);
        Assert.Equal(Invalidation("oi:1"), optsOut.Command("PING").ToString());
        Assert.Equal("PONG", optsOut.Receive().Text);
        writer.Command("DEL", "oi:1", "oi:2");
    }

    [Fact]
    public async Task Messages_are_redirected_to_a_client_of_the_older_protocol()
    {
        await four.LinkedAsync();
        using var writer = four.Connect("root");
        using var target = four.Connect("a");
        using var tracker = four.Connect("a");
        var id = target.Command("CLIENT", "ID").Number;
        target.Command("SUBSCRIBE", "__redis__:invalidate");
        Assert.Equal("OK", tracker.Command("CLIENT", "TRACKING", "ON", "REDIRECT", $"{id}").Text);
        tracker.Command("GET", "rd:k");

        writer.Command("SET", "rd:k", "1");

        Assert.Equal("*[$\"message\", $\"__redis__:invalidate\", *[$\"rd:k\"]]", target.Command("PING").ToString());
    }

    [Fact]
    public async Task Flushing_anywhere_tells_trackers_everywhere()
    {
        await four.LinkedAsync();
        using var writer = four.Connect("b");
        using var tracker = four.Connect3("a");
        using var prefixed = four.Connect3("branch");
        tracker.Command("CLIENT", "TRACKING", "ON");
        prefixed.Command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "fl:");
        tracker.Command("GET", "fl:k");

        writer.Command("SELECT", "5");
        Assert.Equal("OK", writer.Command("FLUSHDB").Text);

        Assert.Equal(">[$\"invalidate\", _(null)]", tracker.Command("PING").ToString());
        Assert.Equal(">[$\"invalidate\", _(null)]", prefixed.Command("PING").ToString());
    }

    [Fact]
    public async Task A_tracker_at_a_leaf_hears_of_a_key_that_expires()
    {
        await four.LinkedAsync();
        using var writer = four.Connect("b");
        using var tracker = four.Connect3("a");
        using var prefixed = four.Connect3("a");
        prefixed.Command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "ex:");
        writer.Command("SET", "ex:k", "v", "PX", "300");
        Assert.Equal(Invalidation("ex:k"), prefixed.Receive().ToString());
        tracker.Command("CLIENT", "TRACKING", "ON");
        tracker.Command("GET", "ex:k");

        Assert.Equal(Invalidation("ex:k"), prefixed.Receive().ToString());
        Assert.Equal(Invalidation("ex:k"), tracker.Receive().ToString());
    }

    [Theory]
    [InlineData("root", "SET w:k 1", true)]
    [InlineData("branch", "APPEND w:k x", true)]
    [InlineData("b", "DEL w:k", true)]
    [InlineData("a", "EVAL return+redis.call('incr',KEYS[1]) 1 w:k", true)]
    [InlineData("b", "FLUSHDB", true)]
    [InlineData("b", "SET w:other 1", false)]
    [InlineData("a", "GET w:k", false)]
    public void A_watched_key_that_is_changed_anywhere_fails_a_leafs_transaction(string at, string command, bool fails)
    {
        using var client = four.Connect("a");
        using var other = four.Connect(at);
        client.Command("SELECT", "7");
        other.Command("SELECT", "7");
        client.Command("SET", "w:k", "5");
        Assert.Equal("OK", client.Command("WATCH", "w:k").Text);
        Assert.Equal("5", client.Command("GET", "w:k").Text);

        Run(other, command);

        client.Command("MULTI");
        client.Command("SET", "w:done", "1");
        Assert.Equal(fails, client.Command("EXEC").IsNull);
    }

    [Theory]
    [InlineData("GET", "SET st:k")]
    [InlineData("HGET", "HSET st:h f")]
    public async Task What_a_client_keeps_is_never_older_than_a_change_that_was_acknowledged(string read, string write)
    {
        const int changes = 400;
        await four.LinkedAsync();
        using var reader = four.Connect3("a");
        reader.Command("CLIENT", "TRACKING", "ON");
        string[] question = [read, .. write.Split(' ')[1..]];
        var acknowledged = 0;
        var kept = -1;
        var hits = 0;
        var writing = Task.Run(() =>
        {
            using var writer = four.Connect("b");
            for (var n = 1; n <= changes; n++)
            {
                writer.Command([.. write.Split(' '), $"{n}"]);
                Volatile.Write(ref acknowledged, n);
            }
        });

        while (!writing.IsCompleted)
        {
            var before = Volatile.Read(ref acknowledged);
            reader.Send("PING");
            Keep(before); // what is kept after the answer to a question that was asked after the acknowledgement
            if (kept >= 0)
            {
                hits++;
                continue;
            }

            reader.Send(question);
            Keep(null);
        }

        await writing;
        Assert.True(hits > 0, "nothing was ever kept");

        void Keep(int? atLeast)
        {
            while (true)
            {
                var reply = reader.Receive();
                if (reply.Type == '>')
                {
                    kept = -1;
                    continue;
                }

                if (reply.Text != "PONG") kept = reply.IsNull ? 0 : int.Parse(reply.Text, System.Globalization.CultureInfo.InvariantCulture);
                else if (kept >= 0) Assert.True(kept >= atLeast, $"{kept} is kept, though {atLeast} was acknowledged");
                return;
            }
        }
    }

    private static RespTestReply Run(RespTestClient client, string command)
    {
        var reply = client.Command([.. command.Split(' ').Select(word => word.Replace('+', ' '))]);
        Assert.False(reply.ToString().StartsWith('-'), $"{command}: {reply}");
        return reply;
    }

    private static string Invalidation(params string[] keys) => $">[$\"invalidate\", *[{string.Join(", ", keys.Select(key => $"$\"{key}\""))}]]";
}
