using System.Diagnostics;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

public sealed class FailureTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // What the authority waits for a lease, and some for a slow machine.
    private static readonly TimeSpan LeaseMax = TimeSpan.FromSeconds(7.5);

    [Fact]
    public async Task A_root_that_is_killed_comes_back_with_all_that_was_acknowledged_and_leaves_go_on()
    {
        using var files = new TempDirectory("failure");
        File.WriteAllText(files.Combine("fixed"), "for good");
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions
            {
                Memory = "64mb", Disk = "256mb", Durability = "commit", Origins = [$"fo/=file://{files.Path}?freshness=immutable"],
                Further = new Dictionary<string, IReadOnlyList<string>> { ["loose"] = ["--coherence", "available"] },
            },
            ("root", null), ("branch", "root"), ("leaf", "branch"), ("loose", "root"));
        using var leaf = new RespTestClient(tree["leaf"].Port);
        using var loose = new RespTestClient(tree["loose"].Port);
        for (var i = 0; i < 100; i++) Assert.Equal("OK", leaf.Command("SET", $"f:{i}", $"v{i}").Text);
        for (var i = 0; i < 100; i++) Assert.Equal($"v{i}", leaf.Command("GET", $"f:{i}").Text);
        for (var i = 0; i < 100; i++) Assert.Equal($"v{i}", loose.Command("GET", $"f:{i}").Text);

        Assert.Equal("for good", leaf.Command("GET", "fo/fixed").Text);

        tree["root"].Kill();
        Assert.Equal("v7", leaf.Command("GET", "f:7").Text); // the lease runs
        var refused = leaf.Command("SET", "f:7", "lost?");
        Assert.StartsWith("TRYAGAIN", refused.Text, StringComparison.Ordinal);
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "f:7").Text.StartsWith("TRYAGAIN", StringComparison.Ordinal), Patience));

        Assert.Equal("v7", loose.Command("GET", "f:7").Text);
        Assert.Equal("for good", leaf.Command("GET", "fo/fixed").Text); // what can't change needs no lease

        tree["root"].Start();
        var watch = Stopwatch.StartNew();
        using (var root = new RespTestClient(tree["root"].Port)) Assert.Equal("OK", root.Command("SET", "f:7", "first").Text);
        Assert.True(watch.Elapsed < LeaseMax, $"a write at the root took {watch.Elapsed}");
        tree.WaitConnected();
        watch.Restart();
        Assert.Equal("OK", leaf.Command("SET", "f:7", "new").Text);
        Assert.True(watch.Elapsed < LeaseMax, $"a write took {watch.Elapsed}");
        Assert.Equal("new", loose.Command("GET", "f:7").Text);
        for (var i = 0; i < 100; i++) Assert.Equal(i == 7 ? "new" : $"v{i}", leaf.Command("GET", $"f:{i}").Text);
        Assert.True(TreeProcesses.Counter(tree["leaf"], "tree_revalidated") > 90);
    }

    [Fact]
    public async Task A_root_whose_data_directory_was_emptied_gives_no_version_that_a_leaf_may_have_already()
    {
        using var tree = TreeProcesses.Started(new SiloProcessOptions { Memory = "64mb", Disk = "256mb" }, ("root", null), ("leaf", "root"));
        using var leaf = new RespTestClient(tree["leaf"].Port);
        for (var i = 0; i < 50; i++) Assert.Equal("OK", leaf.Command("SET", $"f:{i}", $"old{i}").Text);
        for (var i = 0; i < 50; i++) Assert.Equal($"old{i}", leaf.Command("GET", $"f:{i}").Text);

        tree["root"].Kill();
        Directory.Delete(tree["root"].DataDirectory, recursive: true);
        tree["root"].Start();
        using var root = new RespTestClient(tree["root"].Port);
        for (var i = 0; i < 50; i += 2) Assert.Equal("OK", root.Command("SET", $"f:{i}", $"new{i}").Text);
        tree.WaitConnected();
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "f:none").IsNull, Patience));

        for (var i = 0; i < 50; i++) Assert.Equal(i % 2 == 0 ? $"new{i}" : null, leaf.Command("GET", $"f:{i}") is { IsNull: false } found ? found.Text : null);
    }

    [Fact]
    public void Two_leaves_that_began_with_copies_of_one_data_directory_both_hear_of_every_write()
    {
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Later = ["twin"] }, ("root", null), ("leaf", "root"), ("twin", "root"));
        tree["leaf"].Terminate();
        foreach (var file in Directory.GetFiles(tree["leaf"].DataDirectory, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(tree["twin"].DataDirectory, Path.GetRelativePath(tree["leaf"].DataDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        tree["leaf"].Start();
        tree["twin"].Start();
        tree.WaitConnected();

        using var root = new RespTestClient(tree["root"].Port);
        using var leaf = new RespTestClient(tree["leaf"].Port);
        using var twin = new RespTestClient(tree["twin"].Port);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal("OK", root.Command("SET", "f:twin", $"v{i}").Text);
            Assert.Equal(($"v{i}", $"v{i}"), (leaf.Command("GET", "f:twin").Text, twin.Command("GET", "f:twin").Text));
        }
    }

    [Fact]
    public void A_transaction_whose_authority_restarted_since_WATCH_is_known_not_to_have_run()
    {
        using var tree = TreeProcesses.Started(new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Durability = "commit" }, ("root", null), ("leaf", "root"));
        using var leaf = new RespTestClient(tree["leaf"].Port);
        Assert.Equal("OK", leaf.Command("SET", "f:w", "1").Text);
        Assert.Equal("OK", leaf.Command("WATCH", "f:w").Text);

        tree["root"].Kill();
        tree["root"].Start();
        tree.WaitConnected();
        Assert.Equal("OK", leaf.Command("MULTI").Text);
        Assert.Equal("QUEUED", leaf.Command("INCR", "f:w").Text);
        var refused = leaf.Command("EXEC");

        Assert.StartsWith("TRYAGAIN", refused.Text, StringComparison.Ordinal);
        Assert.Equal("1", leaf.Command("GET", "f:w").Text);
        Assert.Equal(2, leaf.Command("INCR", "f:w").Number);
    }

    [Fact]
    public async Task A_leaf_that_is_killed_holds_a_write_up_no_longer_than_its_lease_and_comes_back_warm()
    {
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Durability = "commit", WithPlane = true }, ("root", null), ("a", "root"), ("b", "root"));
        using var plane = new PlaneClient(tree["root"]);
        using var root = new RespTestClient(tree["root"].Port);
        var large = new byte[1_000_000];
        new Random(5).NextBytes(large);
        root.Command("SET"u8.ToArray(), "f:large"u8.ToArray(), large);
        for (var i = 0; i < 50; i++) root.Command("SET", $"f:{i}", $"v{i}");
        using (var a = new RespTestClient(tree["a"].Port))
        {
            Assert.Equal(large, a.Command("GET", "f:large").Bytes);
            for (var i = 0; i < 50; i++) Assert.Equal($"v{i}", a.Command("GET", $"f:{i}").Text);
            await plane.HeldByAsync("f:large", "a", "root"); // a reader has the last byte before the copy is complete
            Assert.Equal("OK", a.Command("SAVE").Text);
        }

        tree["a"].Kill();
        var watch = Stopwatch.StartNew();
        Assert.Equal("OK", root.Command("SET", "f:0", "new").Text);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(9), $"the write took {watch.Elapsed}");
        watch.Restart();
        for (var i = 1; i < 25; i++) Assert.Equal("OK", root.Command("SET", $"f:{i}", "new").Text);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"later writes took {watch.Elapsed}");

        tree["a"].Start();
        tree.WaitConnected();
        using var back = new RespTestClient(tree["a"].Port);
        for (var i = 0; i < 50; i++) Assert.Equal(i < 25 ? "new" : $"v{i}", back.Command("GET", $"f:{i}").Text);
        Assert.Equal(large, back.Command("GET", "f:large").Bytes);
        Assert.Equal(0, TreeProcesses.Counter(tree["a"], "tree_bytes_received")); // it had them
        Assert.True(TreeProcesses.Counter(tree["a"], "tree_revalidated") >= 25);
    }

    [Fact]
    public void A_leaf_that_is_ended_in_order_comes_back_with_large_copies_that_it_had_not_written_yet()
    {
        using var tree = TreeProcesses.Started(new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Durability = "commit" }, ("root", null), ("a", "root"));
        using var root = new RespTestClient(tree["root"].Port);
        var large = new byte[1_000_000];
        new Random(7).NextBytes(large);
        root.Command("SET"u8.ToArray(), "f:large"u8.ToArray(), large);
        using (var a = new RespTestClient(tree["a"].Port))
            Assert.Equal(large, a.Command("GET", "f:large").Bytes);

        Assert.Equal(0, tree["a"].Terminate());
        tree["a"].Start();
        tree.WaitConnected();

        using var back = new RespTestClient(tree["a"].Port);
        Assert.Equal(large, back.Command("GET", "f:large").Bytes);
        Assert.Equal(0, TreeProcesses.Counter(tree["a"], "tree_bytes_received"));
    }

    [Fact]
    public async Task A_branch_that_is_killed_in_mid_transfer_costs_the_leaf_nothing_but_time()
    {
        using var tree = TreeProcesses.ThreeLevels(new SiloProcessOptions { Memory = "128mb", Disk = "512mb" });
        var value = new byte[48_000_000];
        new Random(6).NextBytes(value);
        using var root = new RespTestClient(tree["root"].Port);
        Assert.Equal("OK", root.Command("SET"u8.ToArray(), "f:big"u8.ToArray(), value).Text);

        using var leaf = new RespTestClient(tree["leaf"].Port, receiveBufferBytes: 64 << 10);
        leaf.Send("GET", "f:big");
        Assert.True(await Eventually.HoldsAsync(() => TreeProcesses.Counter(tree["leaf"], "tree_bytes_received") > 0, Patience));
        tree["branch"].Kill();

        Assert.Equal(value, leaf.Receive().Bytes);
        Assert.True(TreeProcesses.Counter(tree["leaf"], "tree_bytes_from_root") > 0);
    }

    [Fact]
    public void A_process_with_another_secret_is_refused_and_says_so()
    {
        using var tree = TreeProcesses.Started(new SiloProcessOptions { Memory = "64mb", Disk = "256mb" }, ("root", null));
        using var client = new RespTestClient(tree["root"].Port);

        Assert.Equal(2, client.Command("HAL.PEER"u8.ToArray(), "HELLO"u8.ToArray(), "1"u8.ToArray(), "x"u8.ToArray(), "root"u8.ToArray(), new byte[16]).Items!.Count);
        Assert.Contains("secret", client.Command("HAL.PEER"u8.ToArray(), "AUTH"u8.ToArray(), new byte[32], "Coherence"u8.ToArray()).Text, StringComparison.Ordinal);
        Assert.ThrowsAny<IOException>(() => client.Command("PING"));
    }

    [Theory]
    [InlineData("2", "root", "peer protocol 2 is not spoken here")]
    [InlineData("1", "other", "this instance is 'root'")]
    public void A_peer_that_means_another_version_or_instance_is_told(string version, string target, string answer)
    {
        using var tree = TreeProcesses.Started(new SiloProcessOptions { Memory = "64mb", Disk = "256mb" }, ("root", null));
        using var client = new RespTestClient(tree["root"].Port);

        var reply = client.Command(
            "HAL.PEER"u8.ToArray(), "HELLO"u8.ToArray(), System.Text.Encoding.ASCII.GetBytes(version), "x"u8.ToArray(),
            System.Text.Encoding.ASCII.GetBytes(target), new byte[16]);

        Assert.True(reply.IsError);
        Assert.Contains(answer, reply.Text, StringComparison.Ordinal);
        Assert.Equal("PONG", client.Command("PING").Text);
    }

    [Fact]
    public void A_client_may_not_call_as_a_peer()
    {
        using var tree = TreeProcesses.Started(new SiloProcessOptions { Memory = "64mb", Disk = "256mb" }, ("root", null));
        using var client = new RespTestClient(tree["root"].Port);

        Assert.StartsWith("NOPERM", client.Command("HAL.PEER", "CALL", "0", "2", "1", "1", "0", "0").Text, StringComparison.Ordinal);
        Assert.StartsWith("NOPERM", client.Command("HAL.PEER", "TRACE", new string('t', 25)).Text, StringComparison.Ordinal);
    }
}
