using System.Text.Json;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

public sealed class PrestageTests
{
    private const string Jobs = "/v1/scheduler/prestage";
    private static readonly SiloProcessOptions Options = new() { Memory = "256mb", Disk = "512mb", WithPlane = true };

    [Fact]
    public async Task A_prefix_is_prestaged_at_a_leaf_and_read_there_without_a_byte_from_elsewhere()
    {
        using var tree = TreeProcesses.Started(Options, ("root", null), ("leaf", "root"));
        using var plane = new PlaneClient(tree["root"]);
        using var root = new RespTestClient(tree["root"].Port);
        using var leaf = new RespTestClient(tree["leaf"].Port);
        await Registered(plane);
        var values = Enumerable.Range(0, 12).ToDictionary(i => $"pre:{i}", i => Random(i % 3 == 0 ? 100 : 1_000_000, i));
        foreach (var (key, value) in values) Assert.Equal("OK", root.Command("SET"u8.ToArray(), System.Text.Encoding.ASCII.GetBytes(key), value).Text);
        root.Command("SET", "other", "x");
        foreach (var key in values.Keys) await plane.HeldByAsync(key, "root");

        var job = await plane.PostAsync(Jobs, new { selection = new { prefixes = new[] { new { start = "pre:" } } }, instances = new[] { "leaf" }, priority = 80 });
        var done = await plane.UntilAsync($"{Jobs}/{job.GetProperty("job").GetString()}", j => j.GetProperty("state").GetString() is not ("waiting" or "running"));

        Assert.Equal(("done", 12L), (done.GetProperty("state").GetString(), done.GetProperty("copiesDone").GetInt64()));
        var (moved, asked) = (TreeProcesses.Counter(tree["leaf"], "tree_bytes_received"), TreeProcesses.Counter(tree["leaf"], "tree_acquires"));
        Assert.Equal(values.Values.Where(v => v.Length > 100).Sum(v => v.Length), moved);
        foreach (var (key, value) in values) Assert.Equal(value, leaf.Command("GET", key).Bytes);
        Assert.Equal((moved, asked), (TreeProcesses.Counter(tree["leaf"], "tree_bytes_received"), TreeProcesses.Counter(tree["leaf"], "tree_acquires")));
        await plane.HeldByAsync("pre:1", "leaf", "root");
        await plane.HeldByAsync("other", "root");
    }

    [Fact]
    public async Task A_key_that_is_nowhere_fails_its_job_and_a_job_that_is_cancelled_moves_no_more()
    {
        const int length = 24_000_000;
        using var tree = TreeProcesses.Started(Options, ("root", null), ("leaf", "root"));
        using var plane = new PlaneClient(tree["root"]);
        using var root = new RespTestClient(tree["root"].Port);
        await Registered(plane);
        foreach (var key in new[] { "c:1", "c:2" })
        {
            Assert.Equal("OK", root.Command("SET"u8.ToArray(), System.Text.Encoding.ASCII.GetBytes(key), Random(length, 5)).Text);
            await plane.HeldByAsync(key, "root");
        }

        // The capped one would take over four minutes.
        var capped = await plane.PostAsync(Jobs, new { selection = new { keys = new[] { "c:1", "c:2" } }, instances = new[] { "leaf" }, bandwidthBytesPerSecond = 100_000 });
        var path = $"{Jobs}/{capped.GetProperty("job").GetString()}";
        Assert.True(await Eventually.HoldsAsync(() => TreeProcesses.Counter(tree["leaf"], "tree_bytes_received") > 0, TimeSpan.FromSeconds(30)));
        Assert.Equal("running", (await plane.GetAsync(path)).GetProperty("state").GetString());
        await plane.DeleteAsync(path);

        // The worker comes to the next job when it has let go of this one.
        var missing = await plane.PostAsync(Jobs, new { selection = new { keys = new[] { "none" } }, instances = new[] { "leaf" } });
        var ended = await plane.UntilAsync($"{Jobs}/{missing.GetProperty("job").GetString()}", j => j.GetProperty("state").GetString() is not ("waiting" or "running"));

        Assert.Equal(("failed", 1L), (ended.GetProperty("state").GetString(), ended.GetProperty("copiesFailed").GetInt64()));
        Assert.Equal("cancelled", (await plane.GetAsync(path)).GetProperty("state").GetString());
        Assert.True(TreeProcesses.Counter(tree["leaf"], "tree_bytes_received") < length, "the cap or the cancellation did not hold");
        await plane.HeldByAsync("c:1", "root");
    }

    private static async Task Registered(PlaneClient plane) => await plane.UntilAsync(
        "/v1/instances/leaf", i => i.TryGetProperty("registered", out var r) && r.ValueKind == JsonValueKind.Object && r.GetProperty("state").GetString() == "live");

    private static byte[] Random(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
