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
    public void Keys_that_a_leaf_has_made_in_several_stretches_are_seen_where_they_were_known_to_be_absent()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        string[] keys = ["r:many:0", "r:many:1500", "r:many:2499"];
        Assert.All(keys, key => Assert.True(leaf.Command("GET", key).IsNull));

        Assert.Equal("OK", leaf.Command("DEBUG", "POPULATE", "2500", "r:many").Text);

        foreach (RespTestClient one in (RespTestClient[])[leaf, root])
            Assert.All(keys, key => Assert.Equal($"value:{key[7..]}", one.Command("GET", key).Text));
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
    public void A_command_that_the_user_may_run_no_more_is_refused_in_its_place_and_the_others_of_the_transaction_run()
    {
        using var admin = levels.Connect("leaf");
        using var user = levels.Connect("leaf");
        admin.Command("ACL", "SETUSER", "changed", "on", "nopass", "+@all", "~r:*", "&*");
        user.Command("AUTH", "changed", "any");
        user.Command("MULTI");
        foreach (string[] queued in (string[][])[["SET", "r:acl", "1"], ["GET", "r:acl"], ["INCR", "r:acl"]])
            Assert.Equal("QUEUED", user.Command(queued).Text);

        admin.Command("ACL", "SETUSER", "changed", "-get");
        var replies = user.Command("EXEC").Items!;

        Assert.Equal(3, replies.Count);
        Assert.Equal("OK", replies[0].Text);
        Assert.StartsWith("NOPERM ACLs rules changed between ", replies[1].Text, StringComparison.Ordinal);
        Assert.Equal(2, replies[2].Number);
        user.Command("MULTI");
        user.Command("SET", "r:acl", "5");
        admin.Command("ACL", "SETUSER", "changed", "-set");
        Assert.StartsWith("NOPERM ACLs rules changed between ", Assert.Single(user.Command("EXEC").Items!).Text, StringComparison.Ordinal);
        Assert.Equal("2", admin.Command("GET", "r:acl").Text);
    }

    [Fact]
    public void A_limit_of_the_roots_own_clients_does_not_hold_for_what_a_leaf_sends_it()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        Assert.Equal("OK", root.Command("CONFIG", "SET", "proto-max-bulk-len", "1mb").Text);
        try
        {
            Assert.Equal("OK", leaf.Command("SET", "r:long", new string('v', 2 << 20)).Text);

            Assert.Equal(2 << 20, root.Command("STRLEN", "r:long").Number);
            Assert.Equal((2 << 20) + 1, leaf.Command("APPEND", "r:long", "v").Number);
            Assert.StartsWith("ERR string exceeds", root.Command("APPEND", "r:long", "v").Text, StringComparison.Ordinal);
        }
        finally
        {
            root.Command("CONFIG", "SET", "proto-max-bulk-len", "512mb");
        }
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
    public void A_script_that_says_that_it_does_not_write_is_not_held_by_a_pause_of_writes_at_a_leaf()
    {
        using var admin = levels.Connect("leaf");
        using var leaf = levels.Connect("leaf");
        string digest = admin.Command("SCRIPT", "LOAD", "#!lua flags=no-writes\nreturn 2").Text;
        admin.Command("FUNCTION", "LOAD", "REPLACE", "#!lua name=r\nredis.register_function{function_name='rf', callback=function() return 3 end, flags={'no-writes'}}");
        Assert.Equal("OK", admin.Command("CLIENT", "PAUSE", "100000", "WRITE").Text);

        Assert.Equal(1, leaf.Command("EVAL", "#!lua flags=no-writes\nreturn 1", "0").Number);
        Assert.Equal(2, leaf.Command("EVALSHA", digest, "0").Number);
        Assert.Equal(3, leaf.Command("FCALL", "rf", "0").Number);
        leaf.Send("EVAL", "return 4", "0");
        Assert.Equal("OK", admin.Command("CLIENT", "UNPAUSE").Text);
        Assert.Equal(4, leaf.Receive().Number);
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

    [Theory]
    [InlineData(2, "MULTI; SET s:t 1; SELECT 3; SET s:t 3; EXEC; GET s:t; DEL s:t; SELECT 0; GET s:t")]
    [InlineData(2, "MULTI; SELECT 99; SELECT x; SET s:t 1; EXEC; GET s:t")]
    [InlineData(2, "SET s:t v; MULTI; CLIENT SETNAME me; LPUSH s:t x; CLIENT GETNAME; PING; ECHO e; INCR s:n; EXEC; CLIENT GETNAME")]
    [InlineData(2, "MULTI; SUBSCRIBE s:c s:d; SET s:t v; UNSUBSCRIBE s:c s:d; GET s:t; EXEC; GET s:t")]
    [InlineData(3, "HSET s:h f v; MULTI; HGETALL s:h; SUBSCRIBE s:c; CLIENT NO-TOUCH ON; CONFIG GET databases; EXEC; UNSUBSCRIBE s:c")]
    [InlineData(2, "WATCH s:t; SET s:t w; MULTI; CLIENT SETNAME other; GET s:t; EXEC; CLIENT GETNAME")]
    [InlineData(2, "MULTI; SET s:t; CLIENT ID; EXEC; PING; MULTI; MULTI; WATCH s:t; DISCARD; DISCARD; EXEC")]
    [InlineData(2, "MULTI; EVAL return(redis.call('nosuch')) 0; ACL WHOAMI; SET s:t v; EXEC; EVAL return{err='MY'} 0; EVAL local 0")]
    [InlineData(2, "MULTI; BLPOP s:l 0; XREAD BLOCK 0 STREAMS s:x $; BLMOVE s:l s:t LEFT LEFT 0; WAIT 0 0; EXEC")]
    [InlineData(2, "SET s:t 1; CLIENT REPLY SKIP; SET s:t 2; GET s:t; CLIENT REPLY OFF; SET s:t 3; LPUSH s:t x; MULTI; GET s:t; EXEC; CLIENT REPLY ON; GET s:t")]
    [InlineData(2, "SET s:t v EX 100; GETEX s:t PERSIST; TTL s:t; EXPIRE s:t 100 GT; EXPIRE s:t 100; PERSIST s:t; GETDEL s:t; GETDEL s:t; EXISTS s:t")]
    [InlineData(2,
        "RPUSH s:l a b c; COPY s:l s:t; RENAME s:t s:n; LRANGE s:n 0 -1; RENAMENX s:l s:n; OBJECT ENCODING s:n; "
        + "MEMORY USAGE s:t; COPY s:l s:z DB 5; SELECT 5; LLEN s:z; DEL s:z")]
    [InlineData(2,
        "SET s:t 1; INCR s:t x; SET s:t; EXPIRE s:t x; EXPIRE s:t 1 NX XX; GETEX s:t EX; SETRANGE s:t -1 x; LPUSH; "
        + "XADD s:x x f v; XADD s:x; ZADD s:z NX XX 1 a; COPY s:t s:t; OBJECT x s:t")]
    [InlineData(2,
        "RPUSH s:l 3 1 2; SORT s:l BY; SORT s:l LIMIT 0; SORT_RO s:l STORE s:t; SORT_RO s:l DESC; SORT s:l GET # STORE s:t; "
        + "BLPOP s:h; BLPOP s:h x; BLPOP s:h -1; BLPOP s:t 0; XREAD BLOCK x STREAMS s:x 0; XREAD STREAMS s:x")]
    [InlineData(3,
        "HSET s:h f v; HGETALL s:h; ZADD s:z 1.5 m; ZRANGE s:z 0 -1 WITHSCORES; ZSCORE s:z m; ZINCRBY s:z 1 m; "
        + "ZRANDMEMBER s:z 1 WITHSCORES; ZMPOP 2 s:z s:t MIN; HRANDFIELD s:h 1 WITHVALUES")]
    [InlineData(3,
        "SADD s:t a; SMEMBERS s:t; SPOP s:t 1; GEOADD s:z 13 38 p; GEOPOS s:z p x; "
        + "GEOSEARCH s:z FROMMEMBER p BYRADIUS 1 km WITHDIST; XADD s:x 1-1 f v; XRANGE s:x - +; XREAD STREAMS s:x s:h 0 0; XINFO STREAM s:x")]
    [InlineData(3,
        "EVAL redis.setresp(3);return{double=1.5} 0; EVAL return{map={a=1}} 0; GET s:t; LRANGE s:t 0 -1; LPOP s:t 2; "
        + "CONFIG GET databases; CLIENT TRACKINGINFO; COMMAND GETKEYS GET a; FUNCTION LIST; ZRANGE s:z 0 -1")]
    public void A_client_is_answered_at_a_leaf_as_at_the_root(int protocol, string script)
    {
        string At(string instance)
        {
            using var client = levels.Connect(instance);
            client.Command("DEL", "s:t", "s:n", "s:h", "s:l", "s:x", "s:z");
            client.Command("HELLO", $"{protocol}");
            foreach (var command in script.Split("; ")) client.Send(command.Split(' '));
            client.Send("PING", "the end");
            var replies = new System.Text.StringBuilder();
            while (true)
            {
                string reply = client.Receive().ToString();
                replies.Append(reply).Append('\n');
                if (reply.Contains("the end", StringComparison.Ordinal)) return replies.ToString();
            }
        }

        Assert.Equal(At("root"), At("leaf"));
    }

    [Fact]
    public void What_follows_other_commands_at_a_leaf_is_answered_in_its_place_while_writes_pause()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        using var admin = levels.Connect("leaf");
        root.Command("SET", "r:paused", "v");
        Assert.Equal("OK", admin.Command("CLIENT", "PAUSE", "100000", "WRITE").Text);
        try
        {
            leaf.SendRaw([.. Request("PING"), .. Request("OBJECT FREQ r:paused"), .. Request("OBJECT IDLETIME r:paused"), .. Request("PING"), .. Request("SET r:paused w"), .. Request("PING")]);

            Assert.Equal("PONG", leaf.Receive().Text);
            Assert.StartsWith("ERR An LFU", leaf.Receive().Text, StringComparison.Ordinal);
            Assert.InRange(leaf.Receive().Number, 0, 100);
            Assert.Equal("PONG", leaf.Receive().Text);
        }
        finally
        {
            Assert.Equal("OK", admin.Command("CLIENT", "UNPAUSE").Text);
        }

        Assert.Equal("OK", leaf.Receive().Text);
        Assert.Equal("PONG", leaf.Receive().Text);

        static byte[] Request(string command) => RespTestClient.Encode(RespTestClient.Bytes(command.Split(' ')));
    }

    [Fact]
    public void A_count_that_the_root_has_kept_in_a_hyperloglog_is_read_at_the_leaf()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        Assert.Equal(1, leaf.Command("PFADD", "r:hll", "a", "b", "c").Number);
        Assert.Equal("\x80", leaf.Command("GETRANGE", "r:hll", "15", "15").Text);

        Assert.Equal(3, leaf.Command("PFCOUNT", "r:hll").Number);

        Assert.Equal("\x03", leaf.Command("GETRANGE", "r:hll", "8", "8").Text);
        Assert.Equal("\0", root.Command("GETRANGE", "r:hll", "15", "15").Text);
        long forwarded = levels.Counter("leaf", "tree_forwarded");
        Assert.Equal(3, leaf.Command("PFCOUNT", "r:hll").Number);
        Assert.Equal(forwarded, levels.Counter("leaf", "tree_forwarded"));
    }

    [Fact]
    public void Sorting_by_other_keys_is_one_command_of_the_root()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        for (int i = 0; i < 100; i++)
        {
            root.Command("RPUSH", "r:sort", $"{i}");
            root.Command("SET", $"r:weight:{i}", $"{(i * 37) % 101}");
        }

        long acquires = levels.Counter("leaf", "tree_acquires"), forwarded = levels.Counter("leaf", "tree_forwarded");
        string got = leaf.Command("SORT_RO", "r:sort", "BY", "r:weight:*", "GET", "#", "GET", "r:weight:*").ToString();

        Assert.Equal(root.Command("SORT", "r:sort", "BY", "r:weight:*", "GET", "#", "GET", "r:weight:*").ToString(), got);
        Assert.Equal(forwarded + 1, levels.Counter("leaf", "tree_forwarded"));
        Assert.Equal(acquires, levels.Counter("leaf", "tree_acquires"));
    }

    [Fact]
    public void Errors_of_the_root_are_counted_at_the_leaf_that_its_client_asked_and_no_others()
    {
        using var leaf = levels.Connect("leaf");
        leaf.Command("SET", "r:e", "v");
        leaf.Command("RPUSH", "r:list", "a");
        leaf.Command("CONFIG", "RESETSTAT");

        leaf.Command("LPUSH", "r:e", "x");
        leaf.Command("MULTI");
        leaf.Command("LPUSH", "r:e", "x");
        leaf.Command("EXEC");
        leaf.Command("LRANGE", "r:list", "0", "-1");

        Assert.Contains("errorstat_WRONGTYPE:count=2", leaf.Command("INFO", "errorstats").Text, StringComparison.Ordinal);
        Assert.Contains("total_error_replies:2\r", leaf.Command("INFO", "stats").Text, StringComparison.Ordinal);
        Assert.Matches("cmdstat_lpush:calls=2,.*failed_calls=2", leaf.Command("INFO", "commandstats").Text);
    }

    [Fact]
    public async Task What_a_leaf_says_of_the_data_set_is_the_roots()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        root.Command("SET", "r:only:at:the:root", "v");

        Assert.True(await Eventually.HoldsAsync(() => Keyspace(root) == Keyspace(leaf), WaitMax), $"{Keyspace(root)} and {Keyspace(leaf)}");
        Assert.Equal("OK", leaf.Command("CONFIG", "SET", "hash-max-listpack-entries", "1").Text);
        leaf.Command("HSET", "r:large", "a", "1", "b", "2");
        Assert.Equal("hashtable", root.Command("OBJECT", "ENCODING", "r:large").Text);
        Assert.Equal("hashtable", leaf.Command("OBJECT", "ENCODING", "r:large").Text);
        Assert.Equal("OK", leaf.Command("CONFIG", "SET", "hash-max-listpack-entries", "512").Text);
        Assert.Equal("512", root.Command("CONFIG", "GET", "hash-max-listpack-entries").Items![1].Text);

        static string Keyspace(RespTestClient client) => client.Command("INFO", "keyspace").Text;
    }

    [Fact]
    public void A_leafs_own_limits_are_those_of_its_clients_scripts_and_its_info_counts_the_roots_scripts()
    {
        using var leaf = levels.Connect("leaf");
        leaf.Command("SCRIPT", "FLUSH");
        leaf.Command("SCRIPT", "LOAD", "return 1");
        leaf.Command("SCRIPT", "LOAD", "return 2");
        Assert.Contains("number_of_cached_scripts:2\r", leaf.Command("INFO", "memory").Text, StringComparison.Ordinal);

        leaf.Command("CONFIG", "SET", "maxmemory", "1");
        Assert.StartsWith("OOM", leaf.Command("EVAL", "return redis.call('set', KEYS[1], 'v')", "1", "r:oom").Text, StringComparison.Ordinal);
        Assert.StartsWith("OOM", leaf.Command("EVAL", "#!lua\nreturn 1", "0").Text, StringComparison.Ordinal);
        Assert.Equal("OK", leaf.Command("CONFIG", "SET", "maxmemory", "0").Text);
        leaf.Command("CONFIG", "SET", "min-replicas-to-write", "1");
        Assert.StartsWith("NOREPLICAS", leaf.Command("EVAL", "return redis.call('set', KEYS[1], 'v')", "1", "r:oom").Text, StringComparison.Ordinal);
        Assert.Equal("OK", leaf.Command("CONFIG", "SET", "min-replicas-to-write", "0").Text);
        Assert.Equal("OK", leaf.Command("EVAL", "return redis.call('set', KEYS[1], 'v')", "1", "r:oom").Text);
    }

    private static string Line(RespTestReply reply) => $"*{reply.Items!.Count} {string.Join(' ', reply.Items.Select(item => $":{item.Number}"))}";
}
