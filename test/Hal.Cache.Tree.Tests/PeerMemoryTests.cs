using System.Globalization;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>Instances on one machine copy large values from each other's memory, where nothing stands between them and nobody forbids it.</summary>
public sealed class PeerMemoryTests : IDisposable
{
    private const int Bytes = 3_000_000;

    private readonly TreeProcesses tree = TreeProcesses.Started(
        new SiloProcessOptions
        {
            Memory = "64mb",
            Disk = "512mb",
            Links = [("far", "root"), ("far", "branch")],
            Further = new Dictionary<string, IReadOnlyList<string>> { ["sent"] = ["--peer-memory", "no"] },
        },
        ("root", null), ("branch", "root"), ("near", "branch"), ("sent", "branch"), ("far", "branch"));

    public void Dispose() => tree.Dispose();

    [Fact]
    public void A_value_is_copied_by_who_may_and_sent_to_who_may_not_or_is_behind_a_proxy()
    {
        var value = Random(1);
        using var root = new RespTestClient(tree["root"].Port);
        Assert.Equal("OK", root.Command("SET"u8.ToArray(), "m"u8.ToArray(), value).Text);

        foreach (var name in new[] { "near", "sent", "far" })
        {
            using var client = new RespTestClient(tree[name].Port);
            Assert.Equal(value, client.Command("GET", "m").Bytes);
            Assert.Equal(Bytes, TreeProcesses.Counter(tree[name], "tree_bytes_received"));
        }

        Assert.Equal(Bytes, TreeProcesses.Counter(tree["near"], "tree_memory_bytes"));
        Assert.Equal(0, TreeProcesses.Counter(tree["sent"], "tree_memory_bytes"));
        Assert.Equal(0, TreeProcesses.Counter(tree["far"], "tree_memory_bytes"));
    }

    [Fact]
    public async Task Values_are_whole_while_the_source_gives_their_memory_to_others()
    {
        const int values = 60; // three times what an instance's memory holds
        using var root = new RespTestClient(tree["root"].Port);
        for (var i = 0; i < values; i++) Assert.Equal("OK", root.Command("SET"u8.ToArray(), Key(i), Random(i)).Text);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(reader => Task.Run(() =>
        {
            using var client = new RespTestClient(tree[reader % 2 == 0 ? "near" : "branch"].Port);
            for (var i = 0; i < values; i++) Assert.Equal(Random((i + (reader * 7)) % values), client.Command("GET"u8.ToArray(), Key((i + (reader * 7)) % values)).Bytes);
        })));

        Assert.Equal(0, TreeProcesses.Counter(tree["near"], "tree_corrupt"));
        Assert.True(TreeProcesses.Counter(tree["near"], "tree_memory_bytes") > 0);
    }

    private static byte[] Key(int number) => System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"m:{number}"));

    private static byte[] Random(int seed)
    {
        var bytes = new byte[Bytes];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
