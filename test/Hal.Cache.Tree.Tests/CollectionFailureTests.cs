using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

public sealed class CollectionFailureTests
{
    private const int Fields = 60_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_holder_that_is_killed_while_a_collection_is_brought_costs_its_readers_no_wrong_answer()
    {
        using var tree = TreeProcesses.ThreeLevels(new SiloProcessOptions { Memory = "128mb", Disk = "512mb", Durability = "commit" });
        using var root = new RespTestClient(tree["root"].Port);
        Fill(root, "cf:first");
        Fill(root, "cf:second");
        using var leaf = new RespTestClient(tree["leaf"].Port);
        leaf.Send("HLEN", "cf:first");
        Assert.True(await Eventually.HoldsAsync(() => TreeProcesses.Counter(tree["leaf"], "tree_bytes_received") > 0, Patience));
        tree["branch"].Kill();

        // The relay is gone: the rest comes from the root, and what came is one version.
        Assert.Equal(Fields, leaf.Receive().Number);
        Assert.Equal(new string('x', 200), leaf.Command("HGET", "cf:first", "field:59999").Text);

        var received = TreeProcesses.Counter(tree["leaf"], "tree_bytes_received");
        leaf.Send("HLEN", "cf:second");
        Assert.True(await Eventually.HoldsAsync(() => TreeProcesses.Counter(tree["leaf"], "tree_bytes_received") > received, Patience));
        tree["root"].Kill();
        var reply = leaf.Receive();
        Assert.True(reply.IsError ? reply.Text.StartsWith("TRYAGAIN", StringComparison.Ordinal) : reply.Number == Fields, reply.ToString());

        tree["root"].Start();
        tree.WaitConnected();
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("HLEN", "cf:second") is { IsError: false, Number: Fields }, Patience));
        Assert.Equal(Fields, leaf.Command("HLEN", "cf:first").Number);
        Assert.Equal(1, leaf.Command("HDEL", "cf:first", "field:0").Number);
        Assert.Equal(Fields - 1, leaf.Command("HLEN", "cf:first").Number);
    }

    private static void Fill(RespTestClient client, string key)
    {
        var value = new string('x', 200);
        for (var from = 0; from < Fields; from += 2000)
        {
            string[] command = ["HSET", key, .. Enumerable.Range(from, 2000).SelectMany(i => new[] { $"field:{i}", value })];
            Assert.Equal(2000, client.Command(command).Number);
        }
    }
}
