using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>One large object that two instances have, over links that are equally slow: a third one fetches it from both at once.</summary>
public sealed class SharedFetchTests
{
    private const long Rate = 12_000_000;
    private const int Bytes = 24_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Two_holders_bring_parts_of_one_object_and_the_rest_of_one_that_gets_slow_comes_from_the_other()
    {
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "192mb", Disk = "512mb", WithPlane = true, Links = [("b", "root"), ("b", "a")] }, ("root", null), ("a", "root"), ("b", "root"));
        using var plane = new PlaneClient(tree["root"]);
        foreach (var leaf in new[] { "a", "b" }) await plane.UntilAsync($"/v1/instances/{leaf}", PlaneClient.IsLive);
        foreach (var source in new[] { "root", "a" }) await plane.PutAsync($"/v1/topology/links/{source}/b", new { latencyMs = 1.0, bandwidthBytesPerSecond = (double)Rate, moneyPerGiB = 0.0 });
        // Or what is measured under load might say that one of them is nearest by way of the other.
        foreach (var between in new[] { "root/a", "a/root" }) await plane.PutAsync($"/v1/topology/links/{between}", new { latencyMs = 1.0, bandwidthBytesPerSecond = (double)Rate, moneyPerGiB = 1000.0 });
        var values = Enumerable.Range(1, 2).Select(Random).ToArray();
        using var root = new RespTestClient(tree["root"].Port);
        using var a = new RespTestClient(tree["a"].Port);
        using var b = new RespTestClient(tree["b"].Port);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal("OK", root.Command("SET"u8.ToArray(), Key(i), values[i]).Text);
            Assert.Equal(values[i], a.Command("GET"u8.ToArray(), Key(i)).Bytes);
            await plane.HeldByAsync($"sf:{i}", "a", "root");
        }

        // The first ranges do not wait long for a route, so that where the control plane is slow to answer the object may be here by then.
        foreach (var source in new[] { "root", "a" }) tree.Link("b", source).Limit(Rate);
        List<(long Root, long A)> fetched = [];
        Assert.True(
            await Eventually.HoldsAsync(() => Noted(Fetch(0)) is var (root, a) && Math.Min(root, a) > Bytes / 10, Patience), $"{string.Join(' ', fetched)} {await RoutesAsync(plane)}");

        tree.Link("b", "a").Limit(Rate / 200);
        fetched.Clear();
        Assert.True(
            await Eventually.HoldsAsync(() => Noted(Fetch(1)) != default && TreeProcesses.Counter(tree["b"], "tree_takeovers") > 0, Patience), $"{string.Join(' ', fetched)} {await RoutesAsync(plane)}");

        (long Root, long A) Noted((long Root, long A) brought)
        {
            fetched.Add(brought);
            return brought;
        }

        // What a fetch of the whole object brings from each: together every byte once.
        (long Root, long A) Fetch(int number)
        {
            b.Command("HAL.EVICT"u8.ToArray(), Key(number));
            var (fromRoot, fromA) = (From("root"), From("a"));
            Assert.Equal(values[number], b.Command("GET"u8.ToArray(), Key(number)).Bytes);
            (fromRoot, fromA) = (From("root") - fromRoot, From("a") - fromA);
            Assert.Equal(Bytes, fromRoot + fromA);
            return (fromRoot, fromA);
        }

        long From(string source) => TreeProcesses.Counter(tree["b"], "tree_bytes_from_" + source);
    }

    private static async Task<string> RoutesAsync(PlaneClient plane) =>
        (await plane.PostAsync("/v1/routes", new { keys = new[] { "sf:0" }, destination = "b" })).GetRawText();

    private static byte[] Key(int number) => System.Text.Encoding.ASCII.GetBytes($"sf:{number}");

    private static byte[] Random(int seed)
    {
        var bytes = new byte[Bytes];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
