using System.Text.Json;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>A source that sends other bytes than it should, or none any more: the next one goes on, and the control plane is told.</summary>
public sealed class SourceFailureTests
{
    private const int Bytes = 24_000_000;
    private const long SlowBytesPerSecond = 2_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Corrupt_pieces_and_a_source_that_falls_silent_in_mid_transfer_cost_no_byte_and_are_reported()
    {
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "192mb", Disk = "512mb", WithPlane = true, Links = [("leaf", "branch"), ("leaf", "root")] }, ("root", null), ("branch", "root"), ("leaf", "branch"));
        using var plane = new PlaneClient(tree["root"]);
        using var root = new RespTestClient(tree["root"].Port);
        using var branch = new RespTestClient(tree["branch"].Port);
        using var leaf = new RespTestClient(tree["leaf"].Port, receiveBufferBytes: 64 << 10);
        var values = Enumerable.Range(0, 2).Select(seed => Random(Bytes, seed)).ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal("OK", root.Command("SET"u8.ToArray(), Key(i), values[i]).Text);
            Assert.Equal(values[i], branch.Command("GET"u8.ToArray(), Key(i)).Bytes);
        }

        await plane.HeldByAsync("s:0", "branch", "root");
        var way = tree.Link("leaf", "branch");

        way.Flip(pieces: 1); // a second one would meet the first read after the branch is asked again
        Assert.Equal(values[0], leaf.Command("GET"u8.ToArray(), Key(0)).Bytes);
        Assert.True(TreeProcesses.Counter(tree["leaf"], "tree_corrupt") > 0, "no flipped bit was noticed");
        Assert.True(TreeProcesses.Counter(tree["leaf"], "tree_bytes_from_root") > 0);
        Assert.True(await Eventually.HoldsAsync(() => FailuresCost(plane, "s:0").GetAwaiter().GetResult() > 100, Patience), "the control plane was not told");

        // The branch is asked again after a while: the other way has come to be the dearer one, however the machine's other work falls on the two.
        tree.Link("leaf", "root").Limit(SlowBytesPerSecond);
        Assert.True(await Eventually.HoldsAsync(() => BytesFromBranch(leaf, tree) > 0, Patience));
        tree.Link("leaf", "root").Limit(0);
        var before = TreeProcesses.Counter(tree["leaf"], "tree_bytes_from_branch");
        leaf.Send("GET"u8.ToArray(), Key(1));
        Assert.True(await Eventually.HoldsAsync(() => TreeProcesses.Counter(tree["leaf"], "tree_bytes_from_branch") > before, Patience));
        way.Hold();
        Assert.Equal(values[1], leaf.Receive().Bytes);
        way.Heal();
    }

    private static byte[] Key(int number) => System.Text.Encoding.ASCII.GetBytes($"s:{number}");

    // What was not read yet comes by the way that is preferred now.
    private static long BytesFromBranch(RespTestClient leaf, TreeProcesses tree)
    {
        var before = TreeProcesses.Counter(tree["leaf"], "tree_bytes_from_branch");
        leaf.Command("HAL.EVICT", "s:0");
        leaf.Command("GETRANGE", "s:0", "0", "99");
        return TreeProcesses.Counter(tree["leaf"], "tree_bytes_from_branch") - before;
    }

    private static async Task<double> FailuresCost(PlaneClient plane, string key)
    {
        var routes = await plane.PostAsync("/v1/routes", new { keys = new[] { key }, destination = "leaf" });
        var branch = routes.GetProperty("items")[0].GetProperty("candidates").EnumerateArray().FirstOrDefault(c => c.GetProperty("source").GetString() == "branch");
        return branch.ValueKind == JsonValueKind.Object ? branch.GetProperty("queueMs").GetDouble() : 0;
    }

    private static byte[] Random(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
