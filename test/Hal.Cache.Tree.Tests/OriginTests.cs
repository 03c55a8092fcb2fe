using System.Security.Cryptography;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

public sealed class OriginTests : IDisposable
{
    private readonly TempDirectory _files = new("origin");

    [Fact]
    public async Task Many_clients_on_many_leaves_read_a_cold_object_from_its_origin_once_and_move_it_over_each_link_once()
    {
        const int bytes = 20_000_000;
        var value = Write("o.bin", bytes, 1);
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Origins = [$"o/=file://{_files.Path}?freshness=immutable"] },
            ("root", null), ("b1", "root"), ("b2", "root"), ("l1", "b1"), ("l2", "b1"), ("l3", "b2"), ("l4", "b2"));
        var wanted = Convert.ToHexString(SHA256.HashData(value));

        var hashes = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(() =>
        {
            using var client = new RespTestClient(tree[$"l{1 + (i % 4)}"].Port, TimeSpan.FromSeconds(120));
            return Convert.ToHexString(SHA256.HashData(client.Command("GET", "o/o.bin").Bytes!));
        })));

        Assert.All(hashes, hash => Assert.Equal(wanted, hash));
        Assert.Equal(bytes, TreeProcesses.Counter(tree["root"], "origin_bytes_read"));
        foreach (var branch in new[] { "b1", "b2" }) Assert.Equal(bytes, TreeProcesses.Counter(tree[branch], "tree_bytes_from_root"));
        foreach (var leaf in new[] { "l1", "l2", "l3", "l4" })
        {
            Assert.Equal(bytes, TreeProcesses.Counter(tree[leaf], "tree_bytes_received"));
            Assert.Equal(0, TreeProcesses.Counter(tree[leaf], "tree_bytes_from_root"));
        }
    }

    [Fact]
    public async Task A_change_at_the_origin_is_seen_at_a_leaf_within_the_validation_time_and_an_unchanged_object_moves_no_bytes()
    {
        Write("v.bin", 500_000, 1);
        Write("s.bin", 100, 1);
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Origins = [$"o/=file://{_files.Path}?freshness=validate&seconds=1"] },
            ("root", null), ("leaf", "root"));
        using var leaf = new RespTestClient(tree["leaf"].Port);
        Assert.Equal(File.ReadAllBytes(_files.Combine("v.bin")), leaf.Command("GET", "o/v.bin").Bytes);
        Assert.True(leaf.Command("GET", "o/none").IsNull);
        var moved = TreeProcesses.Counter(tree["leaf"], "tree_bytes_received");

        Assert.True(await Eventually.HoldsAsync(
            () => leaf.Command("STRLEN", "o/v.bin").Number == 500_000 && TreeProcesses.Counter(tree["leaf"], "tree_revalidated") > 1, TimeSpan.FromSeconds(20)));
        Assert.Equal(moved, TreeProcesses.Counter(tree["leaf"], "tree_bytes_received"));

        var changed = Write("v.bin", 400_000, 2);
        var small = Write("s.bin", 50, 2);
        Write("none", 10, 3);
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "o/v.bin").Bytes?.AsSpan().SequenceEqual(changed) == true, TimeSpan.FromSeconds(20)));
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "o/s.bin").Bytes?.AsSpan().SequenceEqual(small) == true, TimeSpan.FromSeconds(20)));
        Assert.True(await Eventually.HoldsAsync(() => !leaf.Command("GET", "o/none").IsNull, TimeSpan.FromSeconds(20)));
        File.Delete(_files.Combine("s.bin"));
        Assert.True(await Eventually.HoldsAsync(() => leaf.Command("GET", "o/s.bin").IsNull, TimeSpan.FromSeconds(20)));
        Assert.Contains("read-only", leaf.Command("SET", "o/s.bin", "x").Text, StringComparison.Ordinal);
    }

    public void Dispose() => _files.Dispose();

    private byte[] Write(string name, int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        File.WriteAllBytes(_files.Combine(name), bytes);
        return bytes;
    }
}
