using System.Globalization;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

public sealed class CollectionTests(ThreeLevels levels) : IClassFixture<ThreeLevels>
{
    public static TheoryData<string, string, string, string> Types => new()
    {
        { "hash", "HSET {0} f1 v1 f2 v2", "HGETALL {0}", "HSET {0} f3 v3" },
        { "list", "RPUSH {0} a b c", "LRANGE {0} 0 -1", "LPUSH {0} z" },
        { "set", "SADD {0} 1 2 3", "SMEMBERS {0}", "SREM {0} 2" },
        { "zset", "ZADD {0} 1 a 2 b", "ZRANGE {0} 0 -1 WITHSCORES", "ZINCRBY {0} 5 a" },
        { "stream", "XADD {0} 1-1 f v", "XRANGE {0} - +", "XADD {0} 2-1 f w" },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void A_second_read_of_a_collection_at_a_leaf_asks_nobody_and_a_write_anywhere_is_seen(string type, string create, string read, string change)
    {
        using var root = levels.Connect("root");
        using var branch = levels.Connect("branch");
        using var leaf = levels.Connect("leaf");
        var key = "col:" + type;
        Run(root, create, key);
        var expected = Run(root, read, key).ToString();

        Assert.Equal(expected, Run(leaf, read, key).ToString());
        var before = Asked("leaf");
        for (var i = 0; i < 20; i++) Assert.Equal(expected, Run(leaf, read, key).ToString());
        Assert.Equal(type, leaf.Command("TYPE", key).Text);
        Assert.Equal(1, leaf.Command("EXISTS", key).Number);
        Assert.Equal(-1, leaf.Command("TTL", key).Number);
        Assert.Equal(root.Command("OBJECT", "ENCODING", key).Text, leaf.Command("OBJECT", "ENCODING", key).Text);
        Assert.StartsWith("Value at:", leaf.Command("DEBUG", "OBJECT", key).Text, StringComparison.Ordinal);
        Assert.True(leaf.Command("MEMORY", "USAGE", key).Number > 0);
        Assert.InRange(leaf.Command("OBJECT", "IDLETIME", key).Number, 0, 5);
        Assert.StartsWith("WRONGTYPE", leaf.Command("GET", key).Text, StringComparison.Ordinal);
        Assert.Equal(before, Asked("leaf"));

        foreach (var writer in new[] { root, branch })
        {
            Run(writer, change, key);
            expected = Run(root, read, key).ToString();
            Assert.Equal(expected, Run(leaf, read, key).ToString());
            if (type == "stream") break; // its second change is refused
        }

        Assert.Equal(1, leaf.Command("DEL", key).Number);
        Assert.Equal("*[]", Run(leaf, read, key).ToString());
    }

    [Fact]
    public void A_large_collection_crosses_each_link_once_and_is_read_locally_by_all_commands()
    {
        using var root = levels.Connect("root");
        using var branch = levels.Connect("branch");
        using var leaf = levels.Connect("leaf");
        Fill(root, "col:large", 8000, 200);
        var fromRoot = levels.Counter("branch", "tree_bytes_from_root");
        var fromBranch = levels.Counter("leaf", "tree_bytes_from_branch");
        var atRoot = Sorted(root.Command("HGETALL", "col:large"));

        Assert.Equal("hash", leaf.Command("TYPE", "col:large").Text);
        Assert.Equal("hashtable", leaf.Command("OBJECT", "ENCODING", "col:large").Text);
        Assert.Equal(fromRoot, levels.Counter("branch", "tree_bytes_from_root")); // what asks of it only does not bring it
        Assert.Equal(8000, leaf.Command("HLEN", "col:large").Number);
        var crossed = levels.Counter("branch", "tree_bytes_from_root") - fromRoot;
        Assert.InRange(crossed, 8000 * 200, 8000 * 260);
        Assert.Equal(crossed, levels.Counter("leaf", "tree_bytes_from_branch") - fromBranch);

        var before = Asked("leaf");
        Assert.Equal(atRoot, Sorted(leaf.Command("HGETALL", "col:large")));
        Assert.Equal(new string('7', 200), leaf.Command("HGET", "col:large", "field:7").Text);
        Assert.Equal(before, Asked("leaf"));

        // The branch has kept what it passed on.
        Assert.Equal(atRoot, Sorted(branch.Command("HGETALL", "col:large")));
        Assert.Equal(fromRoot + crossed, levels.Counter("branch", "tree_bytes_from_root"));

        leaf.Command("HDEL", "col:large", "field:7");
        Assert.True(leaf.Command("HGET", "col:large", "field:7").IsNull);
        Assert.Equal(7999, branch.Command("HLEN", "col:large").Number);
    }

    [Fact]
    public void A_collection_above_the_limit_is_read_at_the_root()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        Fill(root, "col:over", 2000, 100);
        Assert.Equal("67108864", leaf.Command("CONFIG", "GET", "collection-pull-max").Items![1].Text);
        Assert.StartsWith("ERR CONFIG SET failed", leaf.Command("CONFIG", "SET", "collection-pull-max", "big").Text, StringComparison.Ordinal);
        Assert.Equal("OK", leaf.Command("CONFIG", "SET", "collection-pull-max", "100kb").Text);
        try
        {
            var brought = levels.Counter("leaf", "tree_collections_brought");
            var forwarded = levels.Counter("leaf", "tree_forwarded");
            for (var i = 0; i < 10; i++) Assert.Equal(2000, leaf.Command("HLEN", "col:over").Number);

            Assert.Equal(brought, levels.Counter("leaf", "tree_collections_brought"));
            Assert.Equal(forwarded + 10, levels.Counter("leaf", "tree_forwarded"));
            Assert.Equal(1, root.Command("HDEL", "col:over", "field:1").Number);
            Assert.Equal(1999, leaf.Command("HLEN", "col:over").Number);
        }
        finally
        {
            leaf.Command("CONFIG", "SET", "collection-pull-max", "64mb");
        }
    }

    [Fact]
    public void A_scan_at_a_leaf_finds_every_field_though_the_copy_comes_and_goes_in_between()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        Fill(root, "col:scan", 3000, 10);
        var found = new HashSet<string>();
        var (cursor, calls) = ("0", 0);
        do
        {
            Assert.True(++calls < 1000, "the scan does not end");
            var reply = leaf.Command("HSCAN", "col:scan", cursor, "COUNT", "100");
            cursor = reply.Items![0].Text;
            for (var i = 0; i < reply.Items[1].Items!.Count; i += 2) found.Add(reply.Items[1].Items![i].Text);
            root.Command("HSET", "col:scan", "more", cursor);
            leaf.Command("HLEN", "col:scan");
        }
        while (cursor != "0");

        Assert.Superset(Enumerable.Range(0, 3000).Select(i => $"field:{i}").ToHashSet(), found);
    }

    [Fact]
    public async Task A_collection_expires_at_a_leaf_when_it_does_at_the_root()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        root.Command("SADD", "col:ttl", "a");
        root.Command("PEXPIRE", "col:ttl", "100000");
        Assert.Equal("*[$\"a\"]", leaf.Command("SMEMBERS", "col:ttl").ToString());
        Assert.Equal(root.Command("PEXPIRETIME", "col:ttl").Number, leaf.Command("PEXPIRETIME", "col:ttl").Number);

        Assert.Equal(1, root.Command("PEXPIRE", "col:ttl", "200").Number);
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("SMEMBERS", "col:ttl").Items!.Count == 0, TimeSpan.FromSeconds(30)), "it is still there");
        Assert.Equal(0, root.Command("EXISTS", "col:ttl").Number);
    }

    [Fact]
    public void A_large_collection_that_is_read_once_after_each_write_is_not_brought_each_time()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        Fill(root, "col:busy", 20_000, 200);
        var before = levels.Counter("leaf", "tree_collections_brought");
        for (var i = 0; i < 40; i++)
        {
            root.Command("HSET", "col:busy", "n", $"{i}");
            Assert.Equal($"{i}", leaf.Command("HGET", "col:busy", "n").Text);
        }

        Assert.InRange(levels.Counter("leaf", "tree_collections_brought") - before, 1, 6);

        // Once nobody writes any more, it comes, and stays.
        for (var i = 0; i < 40; i++) Assert.Equal("39", leaf.Command("HGET", "col:busy", "n").Text);
        var asked = Asked("leaf");
        Assert.Equal("39", leaf.Command("HGET", "col:busy", "n").Text);
        Assert.Equal(asked, Asked("leaf"));
    }

    [Fact]
    public void Commands_over_several_collections_read_copies_and_what_tells_of_consumers_runs_at_the_root()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        root.Command("SADD", "col:{m}1", "a", "b", "c");
        root.Command("SADD", "col:{m}2", "b", "c", "d");
        root.Command("XGROUP", "CREATE", "col:{m}s", "g", "0", "MKSTREAM");
        Assert.Equal(2, leaf.Command("SINTER", "col:{m}1", "col:{m}2").Items!.Count);
        var before = Asked("leaf");
        Assert.Equal(2, leaf.Command("SINTERCARD", "2", "col:{m}1", "col:{m}2").Number);
        Assert.Equal(4, leaf.Command("SUNION", "col:{m}1", "col:{m}2").Items!.Count);
        Assert.Equal(before, Asked("leaf"));

        Assert.True(leaf.Command("XREADGROUP", "GROUP", "g", "ann", "STREAMS", "col:{m}s", ">").IsNull);
        Assert.Equal("ann", leaf.Command("XINFO", "CONSUMERS", "col:{m}s", "g").Items![0].Items![1].Text);
        Assert.True(leaf.Command("XREAD", "STREAMS", "col:{m}s", "0").IsNull);
    }

    [Theory]
    [InlineData("col:up", 0)]
    [InlineData("col:{large}up", 800)]
    public async Task A_reader_of_a_list_at_a_leaf_never_goes_back_while_a_writer_at_the_branch_goes_on(string key, int head)
    {
        using var writer = levels.Connect("branch");
        for (var i = 0; i < head; i++) writer.Command("RPUSH", key, new string('h', 200));
        writer.Command("RPUSH", key, "0");
        using var stop = new CancellationTokenSource();
        var readers = new[] { "leaf", "leaf", "branch", "root" }.Select(name => Task.Run(() =>
        {
            using var client = levels.Connect(name);
            var last = 0L;
            while (!stop.IsCancellationRequested)
            {
                var all = client.Command("LRANGE", key, $"{head}", "-1").Items!;
                Assert.True(all.Count > last, $"{name} read {all.Count} elements after {last + 1}");
                last = all.Count - 1;
                Assert.Equal($"{last}", all[^1].Text);
            }
        })).ToArray();

        using var other = levels.Connect("leaf");
        for (var i = 1; i <= 150; i++)
        {
            writer.Command("RPUSH", key, $"{i}");
            Assert.Equal($"{i}", other.Command("LINDEX", key, "-1").Text); // acknowledged: seen everywhere
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
    }

    private static string Sorted(RespTestReply reply) =>
        string.Join(' ', Enumerable.Range(0, reply.Items!.Count / 2).Select(i => reply.Items[2 * i].Text + "=" + reply.Items[(2 * i) + 1].Text).Order(StringComparer.Ordinal));

    private static RespTestReply Run(RespTestClient client, string command, string key) =>
        client.Command(string.Format(CultureInfo.InvariantCulture, command, key).Split(' '));

    private static void Fill(RespTestClient client, string key, int fields, int bytes)
    {
        for (var from = 0; from < fields; from += 500)
        {
            string[] command = ["HSET", key, .. Enumerable.Range(from, Math.Min(500, fields - from)).SelectMany(i => new[] { $"field:{i}", new string((char)('0' + (i % 10)), bytes) })];
            Assert.False(client.Command(command).IsError);
        }
    }

    /// <summary>What an instance has sent up for its clients.</summary>
    private long Asked(string instance) => levels.Counter(instance, "tree_acquires") + levels.Counter(instance, "tree_forwarded");
}
