using System.Collections.Concurrent;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Simulation;

namespace Hal.Cache.Tree.Tests;

public sealed class CoherenceTests(ThreeLevels levels) : IClassFixture<ThreeLevels>
{
    [Fact]
    public void A_leaf_reads_what_the_root_has_and_the_new_value_after_a_write_at_the_root()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        for (var round = 0; round < 200; round++)
        {
            Assert.Equal("OK", root.Command("SET", "c:k", $"v{round}").Text);
            Assert.Equal($"v{round}", leaf.Command("GET", "c:k").Text);
            Assert.Equal($"v{round}", leaf.Command("GET", "c:k").Text);
        }
    }

    [Fact]
    public void A_second_read_at_a_leaf_asks_nobody()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        root.Command("SET", "c:hit", "v");
        leaf.Command("GET", "c:hit");
        leaf.Command("GET", "c:not-there");
        var before = levels.Counter("leaf", "tree_acquires");

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal("v", leaf.Command("GET", "c:hit").Text);
            Assert.True(leaf.Command("GET", "c:not-there").IsNull);
        }

        Assert.Equal(before, levels.Counter("leaf", "tree_acquires"));
    }

    [Fact]
    public async Task What_a_leaf_reads_and_writes_it_holds_after_its_write_and_what_it_only_writes_it_does_not()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        leaf.Command("SET", "c:own", "0");
        Assert.Equal("0", leaf.Command("GET", "c:own").Text);
        for (var i = 1; i <= 20; i++)
        {
            var heldBefore = levels.Counter("leaf", "tree_writes_held");
            Assert.Equal("OK", leaf.Command("SET", "c:own", $"{i}").Text);
            Assert.True(await Eventually.HoldsAsync(() => levels.Counter("leaf", "tree_writes_held") == heldBefore + 1, TimeSpan.FromSeconds(10)), $"write {i}");
            var before = levels.Counter("leaf", "tree_acquires");
            Assert.Equal($"{i}", leaf.Command("GET", "c:own").Text);
            Assert.Equal(before, levels.Counter("leaf", "tree_acquires"));
        }

        Assert.Equal("OK", root.Command("SET", "c:own", "other").Text);
        Assert.Equal("other", leaf.Command("GET", "c:own").Text);

        leaf.Command("SET", "c:own", "a"); // was read: held
        leaf.Command("SET", "c:own", "b"); // was not
        var invalidations = levels.Counter("leaf", "tree_invalidations");
        for (var i = 0; i < 20; i++) leaf.Command("SET", "c:own", $"w{i}");
        Assert.InRange(levels.Counter("leaf", "tree_invalidations") - invalidations, 0, 1);
        Assert.Equal("w19", leaf.Command("GET", "c:own").Text);
        Assert.Equal("w19", root.Command("GET", "c:own").Text);
    }

    [Theory]
    [InlineData("string", 1)]
    [InlineData("hash", 2)]
    public async Task Histories_of_clients_at_all_instances_are_linearizable(string type, int seed)
    {
        const int operations = 300;
        var history = new ConcurrentBag<Operation>();
        string[] instances = ["leaf", "leaf", "branch", "branch", "root", "leaf"];
        await Task.WhenAll(instances.Select((name, index) => Task.Run(() =>
        {
            using var client = levels.Connect(name);
            var random = new Random((seed * 100) + index);
            for (var i = 0; i < operations; i++)
            {
                var key = $"c:{type}{random.Next(3)}";
                var argument = ((index + 1) * 1_000_000L) + (i * 1000);
                var kind = random.Next(20) switch { < 11 => OperationKind.Read, < 18 => OperationKind.Set, 18 => OperationKind.Increment, _ => OperationKind.Delete };
                var invoked = System.Diagnostics.Stopwatch.GetTimestamp();
                var reply = client.Command(Command(type, kind, key, argument));
                var returned = System.Diagnostics.Stopwatch.GetTimestamp();
                Assert.False(reply.IsError, reply.ToString());
                long? result = kind is OperationKind.Read or OperationKind.Increment && !reply.IsNull ? long.Parse(reply.Text, System.Globalization.CultureInfo.InvariantCulture) : null;
                history.Add(new Operation(key, kind, argument, result, invoked, returned));
            }
        })));

        var violation = LinearizabilityChecker.FindViolation(history);

        Assert.True(violation is null, $"Seed {seed}: {violation} has no linear order:\n{string.Join('\n', history.Where(o => o.Key == violation).OrderBy(o => o.Invoked).TakeLast(100))}");
    }

    [Fact]
    public void A_key_that_was_not_there_is_there_after_a_write_elsewhere()
    {
        using var leaf = levels.Connect("leaf");
        using var branch = levels.Connect("branch");
        Assert.True(leaf.Command("GET", "c:new").IsNull);

        Assert.Equal("OK", branch.Command("SET", "c:new", "1").Text);

        Assert.Equal("1", leaf.Command("GET", "c:new").Text);
        Assert.Equal(1, branch.Command("DEL", "c:new").Number);
        Assert.True(leaf.Command("GET", "c:new").IsNull);
    }

    [Fact]
    public async Task Counters_that_are_raised_at_every_instance_lose_nothing_and_are_read_in_order()
    {
        const int perClient = 300;
        var answers = new ConcurrentBag<long>();
        await Task.WhenAll(new[] { "root", "branch", "leaf", "leaf" }.Select(name => Task.Run(() =>
        {
            using var client = levels.Connect(name);
            var last = 0L;
            for (var i = 0; i < perClient; i++)
            {
                var raised = client.Command("INCR", "c:n").Number;
                answers.Add(raised);
                var read = long.Parse(client.Command("GET", "c:n").Text, System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(raised > last && read >= raised, $"{name}: {last}, INCR {raised}, GET {read}");
                last = read;
            }
        })));

        Assert.Equal(Enumerable.Range(1, 4 * perClient).Select(n => (long)n), answers.Order());
    }

    [Fact]
    public async Task A_reader_at_a_leaf_never_goes_back_while_a_writer_at_the_branch_goes_on()
    {
        using var writer = levels.Connect("branch");
        writer.Command("SET", "c:up", "0");
        using var stop = new CancellationTokenSource();
        var readers = new[] { "leaf", "leaf", "branch", "root" }.Select(name => Task.Run(() =>
        {
            using var client = levels.Connect(name);
            var last = 0L;
            while (!stop.IsCancellationRequested)
            {
                var read = long.Parse(client.Command("GET", "c:up").Text, System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(read >= last, $"{name} read {last}, then {read}");
                last = read;
            }
        })).ToArray();

        using var other = levels.Connect("leaf");
        for (var i = 1; i <= 400; i++)
        {
            writer.Command("SET", "c:up", $"{i}");
            Assert.Equal($"{i}", other.Command("GET", "c:up").Text); // acknowledged: seen everywhere
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task Expiry_and_its_times_are_those_of_the_root()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        root.Command("SET", "c:ttl", "v", "PX", "100000");

        Assert.InRange(leaf.Command("PTTL", "c:ttl").Number, 1, 100_000);
        Assert.Equal(root.Command("PEXPIRETIME", "c:ttl").Number, leaf.Command("PEXPIRETIME", "c:ttl").Number);
        Assert.Equal(1, leaf.Command("PERSIST", "c:ttl").Number);
        Assert.Equal(-1, leaf.Command("TTL", "c:ttl").Number);
        Assert.Equal(1, root.Command("PEXPIRE", "c:ttl", "1").Number);
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "c:ttl").IsNull, TimeSpan.FromSeconds(30)), "it is still there");
        Assert.True(root.Command("GET", "c:ttl").IsNull);
    }

    [Theory]
    [InlineData("9223372036854775807")]
    [InlineData("99999999999999")]
    public void A_key_that_expires_in_ages_is_read_at_a_leaf(string at)
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        root.Command("SET", "c:ages", "v", "PXAT", at);

        Assert.Equal("v", leaf.Command("GET", "c:ages").Text);
        Assert.Equal(at, leaf.Command("PEXPIRETIME", "c:ages").Text);
    }

    [Fact]
    public void Flushing_at_a_leaf_empties_the_tree()
    {
        using var root = levels.Connect("root");
        using var branch = levels.Connect("branch");
        using var leaf = levels.Connect("leaf");
        root.Command("SELECT", "3");
        branch.Command("SELECT", "3");
        leaf.Command("SELECT", "3");
        root.Command("SET", "c:f", "v");
        Assert.Equal("v", branch.Command("GET", "c:f").Text);
        Assert.Equal("v", leaf.Command("GET", "c:f").Text);
        Assert.Equal(1, leaf.Command("DBSIZE").Number);

        Assert.Equal("OK", leaf.Command("FLUSHDB").Text);

        Assert.True(branch.Command("GET", "c:f").IsNull);
        Assert.True(leaf.Command("GET", "c:f").IsNull);
        Assert.Equal(0, branch.Command("DBSIZE").Number);
    }

    [Fact]
    public void The_keys_of_a_slot_are_the_roots_at_every_instance()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        var slot = leaf.Command("CLUSTER", "KEYSLOT", "{slot}").Text;
        root.Command("MSET", "{slot}:read", "v", "{slot}:unread", "v", "{slot}:gone", "v");
        Assert.Equal("v", leaf.Command("GET", "{slot}:read").Text);
        Assert.Equal("v", leaf.Command("GET", "{slot}:gone").Text);
        root.Command("DEL", "{slot}:gone");

        foreach (var name in new[] { "root", "branch", "leaf" })
        {
            using var client = levels.Connect(name);
            Assert.Equal(2, client.Command("CLUSTER", "COUNTKEYSINSLOT", slot).Number);
            var keys = client.Command("CLUSTER", "GETKEYSINSLOT", slot, "9").Items!.Select(item => item.Text);
            Assert.Equal(["{slot}:read", "{slot}:unread"], keys.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void A_transaction_at_a_leaf_runs_at_the_root_and_watches_there()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        leaf.Command("SET", "c:w", "1");
        Assert.Equal("OK", leaf.Command("WATCH", "c:w").Text);
        Assert.Equal("OK", leaf.Command("MULTI").Text);
        Assert.Equal("QUEUED", leaf.Command("INCR", "c:w").Text);
        Assert.Equal("QUEUED", leaf.Command("GET", "c:w").Text);
        Assert.Equal("*[:2, $\"2\"]", leaf.Command("EXEC").ToString());

        Assert.Equal("OK", leaf.Command("WATCH", "c:w").Text);
        root.Command("SET", "c:w", "9");
        leaf.Command("MULTI");
        leaf.Command("INCR", "c:w");
        Assert.True(leaf.Command("EXEC").IsNull);
        Assert.Equal("9", leaf.Command("GET", "c:w").Text);
    }

    [Fact]
    public void Evicting_at_a_leaf_drops_its_copies_and_nothing_else()
    {
        using var root = levels.Connect("root");
        using var leaf = levels.Connect("leaf");
        root.Command("MSET", "c:e1", "a", "c:e2", "b", "c:e3", "c");
        leaf.Command("MGET", "c:e1", "c:e2", "c:e3");

        Assert.Equal(1, leaf.Command("HAL.EVICT", "c:e1", "c:none").Number);
        Assert.Equal(2, leaf.Command("HAL.EVICT", "MATCH", "c:e*").Number);
        Assert.Equal(0, root.Command("HAL.EVICT", "MATCH", "c:e*").Number);

        Assert.Equal("*[$\"a\", $\"b\", $\"c\"]", leaf.Command("MGET", "c:e1", "c:e2", "c:e3").ToString());
    }

    private static string[] Command(string type, OperationKind kind, string key, long argument) => (type, kind) switch
    {
        ("string", OperationKind.Read) => ["GET", key],
        ("string", OperationKind.Set) => ["SET", key, $"{argument}"],
        ("string", OperationKind.Increment) => ["INCR", key],
        (_, OperationKind.Read) => ["HGET", key, "v"],
        (_, OperationKind.Set) => ["HSET", key, "v", $"{argument}"],
        (_, OperationKind.Increment) => ["HINCRBY", key, "v", "1"],
        _ => ["DEL", key],
    };
}
