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
