using System.Text.Json;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

public sealed class RouteTests
{
    private static readonly SiloProcessOptions Options = new() { Memory = "128mb", Disk = "512mb", WithPlane = true };

    [Fact]
    public async Task A_leaf_reads_a_large_object_from_its_sibling_where_the_links_say_so_and_the_events_say_from_whom()
    {
        using var tree = TreeProcesses.Started(Options, ("root", null), ("a", "root"), ("b", "root"));
        using var plane = new PlaneClient(tree["root"]);
        await plane.UntilAsync("/v1/instances/b", PlaneClient.IsLive);
        await plane.UntilAsync("/v1/instances/a", PlaneClient.IsLive);
        foreach (var leaf in new[] { "a", "b" }) await plane.PutAsync($"/v1/topology/links/root/{leaf}", new { latencyMs = 40.0, bandwidthBytesPerSecond = 1e8, moneyPerGiB = 1000.0 });
        await plane.PutAsync("/v1/topology/links/a/b", new { latencyMs = 0.1, bandwidthBytesPerSecond = 1e9, moneyPerGiB = 0.0 });
        var value = Random(20_000_000, 1);
        using var root = new RespTestClient(tree["root"].Port);
        using var a = new RespTestClient(tree["a"].Port);
        using var b = new RespTestClient(tree["b"].Port);
        Assert.Equal("OK", root.Command("SET"u8.ToArray(), "r:big"u8.ToArray(), value).Text);
        Assert.Equal(value, a.Command("GET", "r:big").Bytes);
        await plane.HeldByAsync("r:big", "a", "root");

        Assert.Equal(value, b.Command("GET", "r:big").Bytes);

        var (fromA, fromRoot) = (TreeProcesses.Counter(tree["b"], "tree_bytes_from_a"), TreeProcesses.Counter(tree["b"], "tree_bytes_from_root"));
        Assert.Equal(value.Length, fromA + fromRoot);
        Assert.True(fromA > value.Length / 2, $"{fromA} bytes from a, {fromRoot} from root"); // the first range does not wait long for a route
        await plane.HeldByAsync("r:big", "a", "b", "root");
        var first = await plane.ChangeAsync(c => Adds(c, "a", "r:big"));
        Assert.Equal("root", first.GetProperty("source_instance").GetString());
        var second = await plane.ChangeAsync(c => Adds(c, "b", "r:big"));
        Assert.Equal("a", second.GetProperty("source_instance").GetString());
        Assert.True(second.GetProperty("retrieval_time_ms").GetDouble() > 0);
        await plane.UntilAsync("/v1/topology/links", links => links.GetProperty("items").EnumerateArray().Any(IsMeasured));

        static bool IsMeasured(JsonElement link) =>
            link.GetProperty("from").GetString() == "a" && link.GetProperty("to").GetString() == "b"
            && link.TryGetProperty("measured", out var measured) && measured.ValueKind == JsonValueKind.Object;
    }

    [Fact]
    public async Task A_small_value_is_told_with_its_source_and_time_and_a_range_of_a_large_one_makes_no_holder()
    {
        using var tree = TreeProcesses.Started(Options, ("root", null), ("leaf", "root"));
        using var plane = new PlaneClient(tree["root"]);
        using var root = new RespTestClient(tree["root"].Port);
        using var leaf = new RespTestClient(tree["leaf"].Port);
        await plane.UntilAsync("/v1/instances/leaf", PlaneClient.IsLive);
        root.Command("SET", "s", "value");
        root.Command("SET"u8.ToArray(), "part"u8.ToArray(), Random(5_000_000, 2));

        Assert.Equal(10, leaf.Command("GETRANGE", "part", "0", "9").Bytes!.Length);
        Assert.Equal("value", leaf.Command("GET", "s").Text);

        var change = await plane.ChangeAsync(c => Adds(c, "leaf", "s"));
        Assert.Equal("root", change.GetProperty("source_instance").GetString());
        Assert.True(change.GetProperty("retrieval_time_ms").GetDouble() > 0);
        await plane.HeldByAsync("s", "leaf", "root"); // told after the part was here
        await plane.HeldByAsync("part", "root");
    }

    [Fact]
    public async Task A_source_that_is_killed_in_mid_transfer_costs_no_byte()
    {
        using var tree = TreeProcesses.ThreeLevels(Options);
        using var plane = new PlaneClient(tree["root"]);
        await plane.UntilAsync("/v1/instances/leaf", PlaneClient.IsLive);
        var value = Random(48_000_000, 3);
        using var root = new RespTestClient(tree["root"].Port);
        Assert.Equal("OK", root.Command("SET"u8.ToArray(), "k:big"u8.ToArray(), value).Text);
        await plane.HeldByAsync("k:big", "root");

        using var leaf = new RespTestClient(tree["leaf"].Port, receiveBufferBytes: 64 << 10);
        leaf.Send("GET", "k:big");
        Assert.True(await Eventually.HoldsAsync(() => TreeProcesses.Counter(tree["leaf"], "tree_bytes_from_branch") > 0, TimeSpan.FromSeconds(30)));
        tree["branch"].Kill();

        Assert.Equal(value, leaf.Receive().Bytes);
        Assert.True(TreeProcesses.Counter(tree["leaf"], "tree_bytes_from_root") > 0);
    }

    [Fact]
    public void Reads_go_on_by_the_parent_when_the_control_plane_is_not_there()
    {
        using var elsewhere = new SiloProcess(new SiloProcessOptions { Memory = "64mb", Disk = "256mb" }); // a port where nobody listens
        using var tree = TreeProcesses.Started(
            Options with { WithPlane = false, ControlPlane = $"http://127.0.0.1:{elsewhere.HttpPort}" }, ("root", null), ("leaf", "root"));
        var value = Random(10_000_000, 4);
        using var root = new RespTestClient(tree["root"].Port);
        using var leaf = new RespTestClient(tree["leaf"].Port);
        Assert.Equal("OK", root.Command("SET"u8.ToArray(), "p:big"u8.ToArray(), value).Text);

        Assert.Equal(value, leaf.Command("GET", "p:big").Bytes);

        Assert.Equal(value.Length, TreeProcesses.Counter(tree["leaf"], "tree_bytes_from_root"));
    }

    private static bool Adds(JsonElement change, string instance, string key) =>
        change.GetProperty("instance").GetString() == instance && change.GetProperty("keys_added").EnumerateArray().Any(k => k.ValueKind == JsonValueKind.String && k.GetString() == key);

    private static byte[] Random(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
