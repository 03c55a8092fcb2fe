using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>Commands whose meaning must not change on their way from a leaf to the root.</summary>
public sealed class RedisCommandTests(ThreeLevels levels) : IClassFixture<ThreeLevels>
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_field_given_a_time_at_a_leaf_is_gone_from_then_on_at_every_instance()
    {
        using var root = levels.Connect("root");
        using var branch = levels.Connect("branch");
        using var leaf = levels.Connect("leaf");
        leaf.Command("HSET", "r:h", "x", "1", "y", "2");
        RespTestClient[] all = [root, branch, leaf];
        Assert.All(all, one => Assert.Equal(2, one.Command("HLEN", "r:h").Number));

        Assert.Equal("*2 :1 :-2", Line(leaf.Command("HPEXPIRE", "r:h", "700", "FIELDS", "2", "x", "none")));
        Assert.All(all, one => Assert.InRange(one.Command("HPTTL", "r:h", "FIELDS", "1", "x").Items![0].Number, 1, 700));
        Assert.Equal("listpackex", leaf.Command("OBJECT", "ENCODING", "r:h").Text);

        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("HGET", "r:h", "x").IsNull, WaitMax));
        foreach (var one in all)
        {
            // Once it is gone at one instance, it is at all: their clocks are the same here.
            Assert.True(one.Command("HGET", "r:h", "x").IsNull);
            Assert.Equal(1, one.Command("HLEN", "r:h").Number);
            Assert.Equal("*1 :-2", Line(one.Command("HTTL", "r:h", "FIELDS", "1", "x")));
        }
    }

    [Fact]
    public void A_script_and_sort_may_do_no_more_at_the_root_than_the_user_at_the_leaf()
    {
        using var admin = levels.Connect("leaf");
        using var user = levels.Connect("leaf");
        admin.Command("RPUSH", "r:a", "1");
        admin.Command("SET", "r:secret", "s");
        Assert.Equal("OK", admin.Command("ACL", "SETUSER", "limited", "on", "nopass", "+@all", "-del", "~r:a", "&*").Text);
        Assert.Equal("OK", user.Command("AUTH", "limited", "any").Text);

        Assert.Equal(1, user.Command("EVAL", "return redis.call('llen', KEYS[1])", "1", "r:a").Number);
        Assert.StartsWith("ERR ACL failure in script: No permissions to access a key", user.Command("EVAL", "return redis.call('get', 'r:secret')", "0").Text, StringComparison.Ordinal);
        Assert.StartsWith(
            "ERR ACL failure in script: User limited has no permissions to run the 'del' command",
            user.Command("EVAL", "return redis.call('del', KEYS[1])", "1", "r:a").Text, StringComparison.Ordinal);
        Assert.Equal("ERR GET option of SORT denied due to insufficient ACL permissions.", user.Command("SORT", "r:a", "GET", "r:secret*").Text);
        user.Command("MULTI");
        user.Command("EVAL", "return redis.call('get', 'r:secret')", "0");
        Assert.StartsWith("ERR ACL failure in script: ", user.Command("EXEC").Items![0].Text, StringComparison.Ordinal);
        Assert.Equal("s", admin.Command("EVAL", "return redis.call('get', 'r:secret')", "0").Text);
    }

    [Fact]
    public void A_write_that_a_pause_holds_at_a_leaf_is_made_at_the_root()
    {
        using var admin = levels.Connect("leaf");
        using var leaf = levels.Connect("leaf");
        using var root = levels.Connect("root");
        admin.Command("CLIENT", "PAUSE", "100", "WRITE");

        Assert.Equal("OK", leaf.Command("SET", "r:paused", "v").Text);

        Assert.Equal("v", leaf.Command("GET", "r:paused").Text);
        Assert.Equal("v", root.Command("GET", "r:paused").Text);
    }

    [Fact]
    public void A_key_that_is_written_at_a_leaf_has_there_the_time_that_it_was_given_and_the_use_that_the_root_knows_of()
    {
        using var leaf = levels.Connect("leaf");
        for (int i = 0; i < 20; i++)
        {
            leaf.Command("SET", $"r:life:{i}", "v", "PX", "60000");
            Assert.InRange(leaf.Command("PTTL", $"r:life:{i}").Number, 1, 60_000);
        }

        leaf.Command("SET", "r:idle", "v");
        long copies = levels.Counter("leaf", "tree_acquires");
        Assert.InRange(leaf.Command("OBJECT", "IDLETIME", "r:idle").Number, 0, 60);
        Assert.True(leaf.Command("OBJECT", "IDLETIME", "r:none").IsNull);
        Assert.Equal(copies, levels.Counter("leaf", "tree_acquires"));
    }

    [Fact]
    public void A_monitor_at_a_leaf_is_shown_what_the_leafs_clients_have_the_root_run()
    {
        using var monitor = levels.Connect("leaf");
        using var leaf = levels.Connect("leaf");
        Assert.Equal("OK", monitor.Command("MONITOR").Text);

        leaf.Command("MULTI");
        leaf.Command("SET", "r:m", "v");
        leaf.Command("EXEC");
        leaf.Command("EVAL", "return 1", "0");

        List<string> shown = [.. Enumerable.Range(0, 4).Select(_ => monitor.Receive().Text!).Select(line => line[line.IndexOf(']', StringComparison.Ordinal)..])];
        Assert.Equal(["] \"MULTI\"", "] \"SET\" \"r:m\" \"v\"", "] \"EXEC\"", "] \"EVAL\" \"return 1\" \"0\""], shown);
    }

    [Fact]
    public void A_stream_may_be_named_as_the_word_before_streams()
    {
        using var leaf = levels.Connect("leaf");
        leaf.Command("XADD", "streams", "1-1", "f", "v");
        leaf.Command("XGROUP", "CREATE", "streams", "streams", "0");

        Assert.Equal("streams", leaf.Command("XREAD", "STREAMS", "streams", "0").Items![0].Items![0].Text);
        Assert.Equal("streams", leaf.Command("XREADGROUP", "GROUP", "streams", "streams", "STREAMS", "streams", ">").Items![0].Items![0].Text);
    }

    private static string Line(RespTestReply reply) => $"*{reply.Items!.Count} {string.Join(' ', reply.Items.Select(item => $":{item.Number}"))}";
}
