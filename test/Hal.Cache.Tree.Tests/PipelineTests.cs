using System.Globalization;
using System.Text;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>Clients of a leaf that send many commands before they read the first reply.</summary>
[Collection(nameof(FourInstances))]
public sealed class PipelineTests(FourInstances four)
{
    private const int Commands = 400;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Writes_that_a_client_pipelines_at_a_leaf_do_not_wait_for_each_other()
    {
        using var leaf = four.Connect("a");
        leaf.Command("DEL", "p:n", "p:list");
        long before = TreeProcesses.Counter(four.Tree["a"], "tree_pipelined");

        SendTogether(leaf, Enumerable.Range(0, Commands).Select(i => i % 2 == 0 ? "INCR p:n" : $"RPUSH p:list {i}"));

        for (int i = 0; i < Commands; i++) Assert.Equal((i / 2) + 1, leaf.Receive().Number);
        Assert.Equal(Commands / 2, leaf.Command("LLEN", "p:list").Number);

        // They came in few pieces: in each of them all but the first were sent before it was answered.
        Assert.InRange(TreeProcesses.Counter(four.Tree["a"], "tree_pipelined") - before, Commands / 2, Commands - 1);
    }

    [Theory]
    [InlineData(2, "SET p:k 1; GET p:k; INCR p:k; INCR p:k; GET p:k; SET p:k x; INCR p:k; GET p:k; APPEND p:k y; STRLEN p:k; DEL p:k; GET p:k")]
    [InlineData(2, "SET p:k v; LPUSH p:k x; SET p:k; NOSUCH a; INCR p:n; INCR; PING; INCR p:n; LPUSH p:l a; LRANGE p:l 0 -1; INCR p:n")]
    [InlineData(2, "INCR p:n; MULTI; INCR p:n; INCR p:n; EXEC; INCR p:n; MULTI; INCR p:n; DISCARD; INCR p:n; WATCH p:n; INCR p:n; INCR p:n; MULTI; INCR p:n; EXEC; INCR p:n")]
    [InlineData(2, "INCR p:n; INCR p:n; SELECT 4; INCR p:n; INCR p:n; DEL p:n; SELECT 0; INCR p:n; INCR p:n; GET p:n")]
    [InlineData(2, "INCR p:n; CLIENT REPLY SKIP; INCR p:n; INCR p:n; CLIENT REPLY OFF; INCR p:n; INCR p:n; INCR p:n; CLIENT REPLY ON; INCR p:n; INCR p:n")]
    [InlineData(2, "RPUSH p:l a; RPUSH p:l b; BLPOP p:l 0; BLPOP p:l 0; RPUSH p:l c; RPUSH p:l d; BLMOVE p:l p:m LEFT LEFT 0; LRANGE p:m 0 -1; LPOP p:l; LPOP p:l")]
    [InlineData(2, "INCR p:n; EVAL return(redis.call('incr','p:n')) 0; INCR p:n; INCR p:n; DBSIZE p; INCR p:n; XGROUP CREATE p:x g $ MKSTREAM; XADD p:x 1-1 f v; XLEN p:x; INCR p:n")]
    [InlineData(3, "HSET p:h a 1; HSET p:h b 2; HGETALL p:h; ZADD p:z 1.5 m; ZINCRBY p:z 1 m; ZPOPMIN p:z; SADD p:s x; SPOP p:s 1; GETDEL p:none; INCR p:n")]
    [InlineData(2, "INCR p:n; INCR p:n; SUBSCRIBE p:c; INCR p:n; UNSUBSCRIBE p:c; INCR p:n; INCR p:n")]
    public void Commands_that_a_client_pipelines_are_answered_at_a_leaf_as_at_the_root(int protocol, string script)
    {
        string At(string instance)
        {
            using var client = four.Connect(instance);
            client.Command("DEL", "p:k", "p:n", "p:l", "p:m", "p:h", "p:z", "p:s", "p:x");
            client.Command("HELLO", $"{protocol}");
            SendTogether(client, [.. script.Split("; "), "PING the-end"]);
            var replies = new StringBuilder();
            while (true)
            {
                string reply = client.Receive().ToString();
                replies.Append(reply).Append('\n');
                if (reply.Contains("the-end", StringComparison.Ordinal)) return replies.ToString();
            }
        }

        Assert.Equal(At("root"), At("a"));
    }

    [Theory]
    [InlineData("pipe")]
    [InlineData("mget")]
    public void Cold_keys_that_a_client_reads_together_at_a_leaf_are_asked_for_together(string way)
    {
        const int Keys = 64;
        using var root = four.Connect("root");
        using var leaf = four.Connect("a");
        string[] keys = [.. Enumerable.Range(0, Keys).Select(i => $"p:cold:{way}:{i}")];
        for (int i = 0; i < Keys; i += 2) root.Command("SET", keys[i], $"value {i}"); // every other one does not exist
        leaf.Command("GET", "p:cold"); // the session is there
        long asked = TreeProcesses.Counter(four.Tree["a"], "tree_acquires");
        long questions = TreeProcesses.Counter(four.Tree["a"], "tree_questions");
        long misses = TreeProcesses.Counter(four.Tree["a"], "misses");
        long hits = TreeProcesses.Counter(four.Tree["a"], "hits");

        SendTogether(leaf, way == "pipe" ? keys.Select(key => "GET " + key) : ["MGET " + string.Join(' ', keys)]);
        string?[] values = [.. (way == "pipe" ? keys.Select(_ => leaf.Receive()) : leaf.Receive().Items!).Select(reply => reply.IsNull ? null : reply.Text)];

        Assert.Equal(Enumerable.Range(0, Keys).Select(i => i % 2 == 0 ? $"value {i}" : null), values);
        // A machine that stands still for a lease has all asked for once more.
        Assert.InRange(TreeProcesses.Counter(four.Tree["a"], "tree_acquires") - asked, Keys, Keys * 2);
        Assert.InRange(TreeProcesses.Counter(four.Tree["a"], "tree_questions") - questions, 1, Keys / 4);
        Assert.InRange(TreeProcesses.Counter(four.Tree["a"], "misses") - misses, Keys, Keys * 2);
        Assert.InRange(TreeProcesses.Counter(four.Tree["a"], "hits") - hits, 0, Keys / 4);
    }

    [Fact]
    public async Task Reads_that_were_asked_for_ahead_of_their_turn_are_never_older_than_what_was_acknowledged()
    {
        const int Rounds = 200;
        using var writer = four.Connect("root");
        using var reader = four.Connect("a");
        writer.Command("SET", "p:count", "0");
        for (int i = 0; i < Rounds; i++) writer.Command("SET", $"p:dust:{i}", "x");
        long acknowledged = 0;
        bool isOver = false;
        Task writing = Task.Run(() =>
        {
            while (!Volatile.Read(ref isOver)) Volatile.Write(ref acknowledged, writer.Command("INCR", "p:count").Number);
        });
        try
        {
            long last = 0;
            for (int i = 0; i < Rounds; i++)
            {
                long least = Math.Max(last, Volatile.Read(ref acknowledged));
                SendTogether(reader, [$"GET p:dust:{i}", "GET p:count", $"STRLEN p:dust:{i}", "GET p:count"]);
                Assert.Equal("x", reader.Receive().Text);
                long first = long.Parse(reader.Receive().Text!, CultureInfo.InvariantCulture);
                Assert.Equal(1, reader.Receive().Number);
                last = long.Parse(reader.Receive().Text!, CultureInfo.InvariantCulture);
                Assert.True(first >= least, $"{first} was read after {least}");
                Assert.True(last >= first, $"{last} was read after {first}");
            }
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            await writing;
        }
    }

    [Fact]
    public void A_request_that_is_none_ends_a_pipeline_behind_the_replies_of_what_came_before()
    {
        using var leaf = four.Connect("a");
        leaf.Command("DEL", "p:n");
        leaf.SendRaw(Encoding.ASCII.GetBytes(Request("INCR p:n") + Request("INCR p:n") + "*1\r\n$x\r\n"));

        Assert.Equal(1, leaf.Receive().Number);
        Assert.Equal(2, leaf.Receive().Number);
        Assert.Equal("ERR Protocol error: invalid bulk length", leaf.Receive().Text);
        Assert.Throws<EndOfStreamException>(() => leaf.Receive());
    }

    [Fact]
    public void A_monitor_at_a_leaf_is_shown_what_scripts_of_the_leafs_clients_call()
    {
        using var monitor = four.Connect("a");
        using var elsewhere = four.Connect("b");
        using var leaf = four.Connect("a");
        Assert.Equal("OK", monitor.Command("MONITOR").Text);

        elsewhere.Command("EVAL", "return redis.call('set', 'p:else', '1')", "0");
        leaf.Command("EVAL", "redis.call('set', KEYS[1], 'v') return redis.call('get', KEYS[1])", "1", "p:m");
        leaf.Command("MULTI");
        leaf.Command("EVAL", "return redis.pcall('nosuch')", "0");
        leaf.Command("EVAL", "return redis.call('incr', 'p:n')", "0");
        Assert.Equal(2, leaf.Command("EXEC").Items!.Count);
        leaf.Command("ECHO", "the-end");

        var shown = new List<string>();
        do
        {
            string line = monitor.Receive().Text!;
            shown.Add(line[(line.IndexOf('[', StringComparison.Ordinal) + 1)..]);
        }
        while (!shown[^1].Contains("the-end", StringComparison.Ordinal));

        Assert.Equal(
            ["0 lua] \"set\" \"p:m\" \"v\"", "0 lua] \"get\" \"p:m\"", "0 lua] \"incr\" \"p:n\""],
            shown.Where(line => line.StartsWith("0 lua", StringComparison.Ordinal)));
        Assert.DoesNotContain(shown, line => line.Contains("p:else", StringComparison.Ordinal));
        Assert.Equal(1, leaf.Command("EXISTS", "p:m").Number);
    }

    [Fact]
    public async Task While_the_root_is_busy_with_a_leafs_script_the_leafs_clients_hear_so_as_at_the_root()
    {
        using var runner = four.Connect("a");
        using var leaf = four.Connect("a");
        using var queueing = four.Connect("a");
        using var elsewhere = four.Connect("b");
        Assert.Equal("OK", leaf.Command("CONFIG", "SET", "busy-reply-threshold", "50").Text);
        queueing.Command("MULTI");
        runner.Send("EVAL", "while true do end", "0");

        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("PING").Text.StartsWith("BUSY Redis is busy running a script", StringComparison.Ordinal), Patience));
        Assert.StartsWith("BUSY", queueing.Command("SET", "p:k", "v").Text, StringComparison.Ordinal);
        Assert.Equal("PONG", elsewhere.Command("PING").Text); // its clients run no script: what is there is served
        Assert.Equal("OK", leaf.Command("SCRIPT", "KILL").Text);

        Assert.StartsWith("ERR Script killed by user with SCRIPT KILL.", runner.Receive().Text, StringComparison.Ordinal);
        Assert.Equal("PONG", runner.Command("PING").Text);
        Assert.StartsWith("EXECABORT", queueing.Command("EXEC").Text, StringComparison.Ordinal);
        Assert.Equal("OK", leaf.Command("CONFIG", "SET", "busy-reply-threshold", "5000").Text);
    }

    private static void SendTogether(RespTestClient client, IEnumerable<string> commands) =>
        client.SendRaw(Encoding.ASCII.GetBytes(string.Concat(commands.Select(Request))));

    private static string Request(string command)
    {
        string[] words = command.Split(' ');
        return string.Create(CultureInfo.InvariantCulture, $"*{words.Length}\r\n") + string.Concat(words.Select(word => $"${word.Length}\r\n{word}\r\n"));
    }
}
