using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Simulation;

namespace Hal.Cache.Tree.Tests;

/// <summary>A tree with two roots, as clients at each of its instances see it.</summary>
public sealed class RootsTests(TwoRoots roots) : IClassFixture<TwoRoots>
{
    private const string Crossing = "CROSSSLOT Keys in request don't hash to the same slot";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void Every_instance_reads_and_writes_the_keys_of_both_roots()
    {
        using var clients = new TwoRootsClients(roots);
        foreach (var tag in new[] { TwoRoots.East, TwoRoots.West })
        {
            for (var round = 0; round < 10; round++)
            {
                foreach (var writer in TwoRoots.Names)
                {
                    Assert.Equal("OK", clients[writer].Command("SET", $"{tag}:k", $"{writer}{round}").Text);
                    foreach (var reader in TwoRoots.Names) Assert.Equal($"{writer}{round}", clients[reader].Command("GET", $"{tag}:k").Text);
                }
            }

            for (var n = 1; n <= 8; n++) Assert.Equal(n, clients[TwoRoots.Names[n % 4]].Command("INCR", $"{tag}:n").Number);
            foreach (var reader in TwoRoots.Names)
            {
                Assert.Equal("8", clients[reader].Command("GET", $"{tag}:n").Text);
                Assert.Equal(["leaf9", "8"], clients[reader].Command("MGET", $"{tag}:k", $"{tag}:n").Items!.Select(i => i.Text));
            }
        }
    }

    [Fact]
    public void Info_tells_of_the_keys_of_both_roots_at_every_instance()
    {
        using var clients = new TwoRootsClients(roots);
        foreach (var tag in new[] { TwoRoots.East, TwoRoots.West })
        {
            clients["leaf"].Command("SELECT", "9");
            clients["leaf"].Command("SET", $"{tag}:info:1", "v", "EX", "1000");
            clients["leaf"].Command("SET", $"{tag}:info:2", "v");
        }

        clients["leaf"].Command("SELECT", "0");
        foreach (var name in TwoRoots.Names)
            Assert.Contains("db9:keys=4,expires=2,avg_ttl=", clients[name].Command("INFO", "keyspace").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Writes_of_both_roots_that_a_client_pipelines_are_answered_in_their_order()
    {
        using var leaf = roots.Connect("leaf");
        leaf.Command("DEL", $"{TwoRoots.East}:pipe");
        leaf.Command("DEL", $"{TwoRoots.West}:pipe");
        var tags = Enumerable.Range(0, 60).Select(i => i % 7 < 4 ? TwoRoots.East : TwoRoots.West).ToArray();
        leaf.SendRaw(System.Text.Encoding.ASCII.GetBytes(string.Concat(tags.Select(tag => $"INCR {tag}:pipe\r\n"))));

        Dictionary<string, long> counts = new() { [TwoRoots.East] = 0, [TwoRoots.West] = 0 };
        foreach (var tag in tags) Assert.Equal(++counts[tag], leaf.Receive().Number);
    }

    [Fact]
    public async Task Histories_of_clients_at_all_instances_are_linearizable()
    {
        const int operations = 300, seed = 3;
        var history = new ConcurrentBag<Operation>();
        string[] instances = ["leaf", "leaf", "branch", "east", "west"];
        await Task.WhenAll(instances.Select((name, index) => Task.Run(() =>
        {
            using var client = roots.Connect(name);
            var random = new Random((seed * 100) + index);
            for (var i = 0; i < operations; i++)
            {
                var key = $"{(random.Next(2) == 0 ? TwoRoots.East : TwoRoots.West)}:lin{random.Next(2)}";
                var argument = ((index + 1) * 1_000_000L) + (i * 1000);
                var kind = random.Next(20) switch { < 11 => OperationKind.Read, < 18 => OperationKind.Set, 18 => OperationKind.Increment, _ => OperationKind.Delete };
                string[] command = kind switch
                {
                    OperationKind.Read => ["GET", key],
                    OperationKind.Set => ["SET", key, $"{argument}"],
                    OperationKind.Increment => ["INCR", key],
                    _ => ["DEL", key],
                };
                var invoked = Stopwatch.GetTimestamp();
                var reply = client.Command(command);
                var returned = Stopwatch.GetTimestamp();
                Assert.False(reply.IsError, reply.ToString());
                long? result = kind is OperationKind.Read or OperationKind.Increment && !reply.IsNull ? long.Parse(reply.Text, CultureInfo.InvariantCulture) : null;
                history.Add(new Operation(key, kind, argument, result, invoked, returned));
            }
        })));

        var violation = LinearizabilityChecker.FindViolation(history);

        var told = string.Join('\n', history.Where(o => o.Key == violation).OrderBy(o => o.Invoked).TakeLast(100));
        Assert.True(violation is null, $"Seed {seed}: {violation} has no linear order:\n{told}");
    }

    [Fact]
    public async Task Collections_large_values_and_times_to_live_are_those_of_their_root()
    {
        using var clients = new TwoRootsClients(roots);
        var large = new byte[600_000];
        new Random(3).NextBytes(large);
        foreach (var tag in new[] { TwoRoots.East, TwoRoots.West })
        {
            Assert.Equal(2, clients["leaf"].Command("HSET", $"{tag}:h", "f", "1", "g", "2").Number);
            Assert.Equal(3, clients["east"].Command("RPUSH", $"{tag}:l", "x", "y", "z").Number);
            Assert.Equal("OK", clients["west"].Command("SET"u8.ToArray(), System.Text.Encoding.ASCII.GetBytes($"{tag}:large"), large).Text);
            Assert.Equal("OK", clients["leaf"].Command("SET", $"{tag}:t", "soon", "PX", "700").Text);
            foreach (var reader in TwoRoots.Names)
            {
                Assert.Equal(["f", "1", "g", "2"], clients[reader].Command("HGETALL", $"{tag}:h").Items!.Select(i => i.Text));
                Assert.Equal(["x", "y", "z"], clients[reader].Command("LRANGE", $"{tag}:l", "0", "-1").Items!.Select(i => i.Text));
                Assert.Equal(large, clients[reader].Command("GET", $"{tag}:large").Bytes);
                Assert.InRange(clients[reader].Command("PTTL", $"{tag}:t").Number, -2, 700);
            }

            foreach (var reader in TwoRoots.Names)
                Assert.True(await Eventually.HoldsAsync(() => clients[reader].Command("GET", $"{tag}:t").IsNull, Patience), $"{tag} at {reader}");
        }

        // A client that waits at one root for a key of the other one is served.
        clients["east"].Send("BLPOP", $"{TwoRoots.West}:q", "0");
        Assert.Equal(1, clients["leaf"].Command("RPUSH", $"{TwoRoots.West}:q", "job").Number);
        Assert.Equal([$"{TwoRoots.West}:q", "job"], clients["east"].Receive().Items!.Select(i => i.Text));
    }

    [Fact]
    public void Keys_of_two_roots_in_one_command_or_transaction_are_refused_and_those_of_one_run_as_one()
    {
        using var clients = new TwoRootsClients(roots);
        foreach (var name in TwoRoots.Names)
        {
            var client = clients[name];
            foreach (var command in
                (string[])["MGET {a}1 {b}1", "MSET {a}1 x {b}1 y", "RENAME {a}1 {b}1", "SUNION {a}1 {b}1", "EVAL return 2 {a}1 {b}1", "WATCH {a}1 {b}1"])
                Assert.Equal(Crossing, client.Command(command.Split(' ')).Text);
            Assert.Equal("OK", client.Command("MULTI").Text);
            Assert.Equal("QUEUED", client.Command("SET", "{a}1", "x").Text);
            Assert.Equal("QUEUED", client.Command("SET", "{b}1", "x").Text);
            Assert.Equal(Crossing, client.Command("EXEC").Text);
            Assert.Equal(0, client.Command("EXISTS", "{a}1").Number);

            foreach (var (tag, other) in new[] { (TwoRoots.East, TwoRoots.West), (TwoRoots.West, TwoRoots.East) })
            {
                client.Command("DEL", $"{tag}:t");
                Assert.Equal("OK", client.Command("WATCH", $"{tag}:t").Text);
                Assert.Equal(Crossing, client.Command("WATCH", $"{other}:t").Text);
                client.Command("MULTI");
                Assert.Equal("QUEUED", client.Command("INCR", $"{tag}:t").Text);
                Assert.Equal("QUEUED", client.Command("INCR", $"{tag}:t").Text);
                Assert.Equal([1, 2], client.Command("EXEC").Items!.Select(i => i.Number));

                client.Command("WATCH", $"{tag}:t");
                clients[name == "west" ? "east" : "west"].Command("INCR", $"{tag}:t");
                client.Command("MULTI");
                client.Command("SET", $"{tag}:t", "lost");
                Assert.True(client.Command("EXEC").IsNull);
                Assert.Equal("3", client.Command("GET", $"{tag}:t").Text);

                Assert.Equal("4", client.Command("EVAL", "return tostring(redis.call('INCR', KEYS[1]))", "1", $"{tag}:t").Text);
                Assert.Contains("key of root", client.Command("EVAL", $"return redis.call('GET', '{other}:t')", "1", $"{tag}:t").Text, StringComparison.Ordinal);
            }

            client.Command("MULTI");
            Assert.StartsWith("ERR 'flushall' concerns all roots", client.Command("FLUSHALL").Text, StringComparison.Ordinal);
            Assert.StartsWith("EXECABORT", client.Command("EXEC").Text, StringComparison.Ordinal);
            foreach (var pattern in new[] { "w_*", "*{a}", "{}w_*", $"{TwoRoots.East}w_*" })
            {
                Assert.StartsWith("ERR BY option of SORT denied", client.Command("SORT", "{a}1", "BY", pattern).Text, StringComparison.Ordinal);
                Assert.StartsWith("ERR GET option of SORT denied", client.Command("SORT", "{a}1", "GET", pattern).Text, StringComparison.Ordinal);
            }

            foreach (var tag in new[] { TwoRoots.East, TwoRoots.West })
            {
                client.Command("DEL", $"{tag}list");
                client.Command("RPUSH", $"{tag}list", "a", "b", "c");
                client.Command("MSET", $"{tag}w_a", "3", $"{tag}w_b", "1", $"{tag}w_c", "2");
                var sorted = client.Command("SORT", $"{tag}list", "BY", $"{tag}w_*", "GET", "#", "GET", $"{tag}w_*").Items!;
                Assert.Equal(["b", "1", "c", "2", "a", "3"], sorted.Select(i => i.Text));
            }
        }
    }

    [Fact]
    public void Scripts_and_functions_are_loaded_at_both_roots()
    {
        using var clients = new TwoRootsClients(roots);
        var sha = clients["leaf"].Command("SCRIPT", "LOAD", "return redis.call('SET', KEYS[1], ARGV[1])").Text;
        const string library = "#!lua name=roots\nredis.register_function('put', function(k, a) return redis.call('SET', k[1], a[1]) end)";
        Assert.Equal("roots", clients["west"].Command("FUNCTION", "LOAD", "REPLACE", library).Text);
        foreach (var name in TwoRoots.Names)
        {
            foreach (var tag in new[] { TwoRoots.East, TwoRoots.West })
            {
                Assert.Equal("OK", clients[name].Command("EVALSHA", sha, "1", $"{tag}:s", name).Text);
                Assert.Equal(name, clients["leaf"].Command("GET", $"{tag}:s").Text);
                Assert.Equal("OK", clients[name].Command("FCALL", "put", "1", $"{tag}:s", $"f{name}").Text);
                Assert.Equal($"f{name}", clients["leaf"].Command("GET", $"{tag}:s").Text);
            }
        }
    }

    [Fact]
    public void What_concerns_the_whole_data_set_concerns_both_roots_at_every_instance()
    {
        using var clients = new TwoRootsClients(roots);
        Assert.Equal("OK", clients["leaf"].Command("FLUSHALL").Text);
        string[] keys = [.. Enumerable.Range(0, 300).Select(i => $"d:{i}").Order(StringComparer.Ordinal)];
        foreach (var key in keys) Assert.Equal("OK", clients["branch"].Command("SET", key, "v").Text);
        foreach (var name in TwoRoots.Names)
        {
            Assert.Equal(keys.Length, clients[name].Command("DBSIZE").Number);
            Assert.Equal(keys, clients[name].Command("KEYS", "d:*").Items!.Select(i => i.Text).Order(StringComparer.Ordinal));
            Assert.Contains(clients[name].Command("RANDOMKEY").Text, keys);
            var (cursor, seen, calls) = ("0", new HashSet<string>(), 0);
            do
            {
                var reply = clients[name].Command("SCAN", cursor, "COUNT", "20", "MATCH", "d:*").Items!;
                cursor = reply[0].Text;
                seen.UnionWith(reply[1].Items!.Select(i => i.Text));
                Assert.True(++calls < 1000, "the scan does not end");
            }
            while (cursor != "0");
            Assert.Equal(keys, seen.Order(StringComparer.Ordinal));
            Assert.Equal("ERR invalid cursor", clients[name].Command("SCAN", "x").Text);
            Assert.Equal("v", clients[name].Command("GET", "d:7").Text);
        }

        foreach (var root in new[] { "east", "west" }) Assert.InRange(TreeProcesses.Counter(roots.Tree[root], "keys"), 1, keys.Length - 1);
        foreach (var tag in new[] { TwoRoots.East, TwoRoots.West })
        {
            Assert.Equal("OK", clients["leaf"].Command("MSET", $"{tag}:1", "v", $"{tag}:2", "v").Text);
            var slot = clients["leaf"].Command("CLUSTER", "KEYSLOT", tag).Text;
            foreach (var name in TwoRoots.Names)
            {
                Assert.Equal(2, clients[name].Command("CLUSTER", "COUNTKEYSINSLOT", slot).Number);
                Assert.Equal([$"{tag}:1", $"{tag}:2"], clients[name].Command("CLUSTER", "GETKEYSINSLOT", slot, "9").Items!.Select(i => i.Text).Order(StringComparer.Ordinal));
                Assert.Single(clients[name].Command("CLUSTER", "GETKEYSINSLOT", slot, "1").Items!);
                Assert.Equal("ERR Invalid slot", clients[name].Command("CLUSTER", "COUNTKEYSINSLOT", "16384").Text);
            }
        }

        Assert.Equal("OK", clients["west"].Command("FLUSHALL").Text);
        foreach (var name in TwoRoots.Names)
        {
            Assert.Equal(0, clients[name].Command("DBSIZE").Number);
            Assert.True(clients[name].Command("RANDOMKEY").IsNull);
            Assert.True(clients[name].Command("GET", "d:7").IsNull);
        }
    }

    [Fact]
    public async Task Messages_go_everywhere_below_both_roots_and_a_leaf_hears_what_changes_at_either()
    {
        // Two ends for each of three links, and the stray's upper one.
        Assert.True(await Eventually.HoldsAsync(() => TwoRoots.Names.Sum(name => TreeProcesses.Counter(roots.Tree[name], "tree_message_links")) == 7, Patience));
        using var publishers = new TwoRootsClients(roots);
        using var subscribers = new TwoRootsClients(roots);
        foreach (var name in TwoRoots.Names) Assert.Equal("subscribe", subscribers[name].Command("SUBSCRIBE", "r:all").Items![0].Text);
        foreach (var name in TwoRoots.Names)
        {
            Assert.Equal(4, publishers[name].Command("PUBLISH", "r:all", name).Number);
            foreach (var each in TwoRoots.Names) Assert.Equal(name, subscribers[each].Receive().Items![2].Text);
        }

        using var tracking = roots.Connect("leaf");
        tracking.Command("HELLO", "3");
        Assert.Equal("OK", tracking.Command("CLIENT", "TRACKING", "ON").Text);
        foreach (var tag in new[] { TwoRoots.East, TwoRoots.West })
        {
            publishers["west"].Command("SET", $"{tag}:tracked", "1");
            Assert.Equal("1", tracking.Command("GET", $"{tag}:tracked").Text);
            publishers["east"].Command("SET", $"{tag}:tracked", "2");
            Assert.Equal($">[$\"invalidate\", *[$\"{tag}:tracked\"]]", tracking.Receive().ToString());
        }

        Assert.StartsWith("ERR where a tree has several roots", publishers["east"].Command("CLIENT", "TRACKING", "ON").Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_control_plane_knows_which_root_has_which_slots_and_refuses_another_one_for_them()
    {
        using var plane = new PlaneClient(roots.Tree["east"]);
        var owners = await plane.UntilAsync("/v1/ownership", answer => answer.GetProperty("items").GetArrayLength() == 2);
        Assert.Equal(
            ["east 0 8191", "west 8192 16383"],
            owners.GetProperty("items").EnumerateArray().Select(i => $"{i.GetProperty("root")} {i.GetProperty("first")} {i.GetProperty("last")}"));

        var slots = new[] { new { first = 8000, last = 8191 } };
        var (status, body) = await plane.TryPutAsync(
            "/v1/instances/third", new { name = "third", role = "root", silo = "s3", epoch = 1, protocolVersion = 1, respAddress = "127.0.0.1:1", slots });
        Assert.True(status == 409, $"{status} {body}");
        Assert.Contains("slot 8000 is owned by root 'east'", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_root_refuses_keys_of_other_slots_and_says_whose_they_are()
    {
        using var stray = roots.Connect("stray");
        using var west = roots.Connect("west");
        Assert.Equal("OK", west.Command("SET", "{b}:stray", "v").Text);

        const string whose = "slot 3300 is the business of root 'east'";
        Assert.Equal($"TRYAGAIN the authority 'west' refused: {whose}; the roots are set otherwise here", stray.Command("GET", "{b}:stray").Text);
        Assert.Equal($"ERR {whose}, not of 'west'; the roots of 'stray' are set otherwise", stray.Command("SET", "{b}:stray", "w").Text);
        stray.Command("MULTI");
        stray.Command("SET", "{b}:stray", "w");
        Assert.StartsWith("EXECABORT", stray.Command("EXEC").Text, StringComparison.Ordinal);
        Assert.Equal("v", west.Command("GET", "{b}:stray").Text);
    }

    [Fact]
    public async Task A_root_that_is_killed_takes_only_its_slots_along_until_it_is_back()
    {
        using (var leaf = roots.Connect("leaf"))
        {
            foreach (var tag in new[] { TwoRoots.East, TwoRoots.West }) Assert.Equal("OK", leaf.Command("SET", $"{tag}:f", "before").Text);
            foreach (var tag in new[] { TwoRoots.East, TwoRoots.West }) Assert.Equal("before", leaf.Command("GET", $"{tag}:f").Text);
        }

        roots.Tree["west"].Kill();
        using (var clients = new TwoRootsClients(roots, except: "west"))
        using (var other = roots.Connect("leaf"))
        {
            clients["leaf"].Send("SET", $"{TwoRoots.West}:f", "lost");
            clients["east"].Send("GET", $"{TwoRoots.West}:f");
            clients["branch"].Send("DBSIZE");
            for (var n = 0; n < 20; n++)
            {
                Assert.Equal("OK", other.Command("SET", $"{TwoRoots.East}:f", $"during{n}").Text);
                Assert.Equal($"during{n}", other.Command("GET", $"{TwoRoots.East}:f").Text);
            }

            var write = clients["leaf"].Receive();
            Assert.True(IsRefused(write), write.ToString());
            Assert.StartsWith("TRYAGAIN", clients["east"].Receive().Text, StringComparison.Ordinal);
            Assert.StartsWith("TRYAGAIN", clients["branch"].Receive().Text, StringComparison.Ordinal);
            Assert.True(await Eventually.HoldsAsync(() => IsRefused(other.Command("GET", $"{TwoRoots.West}:f")), Patience));
            Assert.Equal("during19", clients["branch"].Command("GET", $"{TwoRoots.East}:f").Text);
        }

        roots.Tree["west"].Start();
        roots.Tree.WaitConnected();
        using var back = new TwoRootsClients(roots);
        foreach (var name in TwoRoots.Names)
        {
            Assert.Equal("before", back[name].Command("GET", $"{TwoRoots.West}:f").Text);
            Assert.Equal("during19", back[name].Command("GET", $"{TwoRoots.East}:f").Text);
        }

        Assert.Equal("OK", back["east"].Command("SET", $"{TwoRoots.West}:f", "after").Text);
        foreach (var name in TwoRoots.Names) Assert.Equal("after", back[name].Command("GET", $"{TwoRoots.West}:f").Text);
    }

    // Of a write that was sent on a connection which broke then, nobody knows whether it has run.
    private static bool IsRefused(RespTestReply reply) =>
        reply.Text.StartsWith("TRYAGAIN", StringComparison.Ordinal) || reply.Text.StartsWith("ERR outcome unknown", StringComparison.Ordinal);
}
