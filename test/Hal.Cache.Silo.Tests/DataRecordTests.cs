using System.Globalization;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Silo.Tests;

/// <summary>What becomes of a data directory that is given to an instance of another role.</summary>
public sealed class DataRecordTests : SiloHome
{
    [Fact]
    public async Task Data_of_its_own_is_not_taken_for_copies_nor_copies_for_data()
    {
        await using (var root = await SiloRun.ServeAsync(Home, [.. At("a"), .. Secret, "--name", "top", "--role", "root"]))
        {
            using var client = new RespTestClient(PortOf(root));
            Assert.Equal("OK", client.Command("SET", "k", "v").Text);
            await using var leaf = await SiloRun.ServeAsync(Home, [.. At("b"), .. Secret, .. Below($"127.0.0.1:{PortOf(root)}")]);
            using var reader = new RespTestClient(PortOf(leaf));
            Assert.True(await Eventually.HoldsAsync(() => reader.Command("GET", "k").Text == "v", SiloRun.Patience));
            Assert.Equal("OK", reader.Command("SAVE").Text);
            leaf.Signal(SiloRun.SigTerm);
            await leaf.ExitCodeAsync();
            root.Signal(SiloRun.SigTerm);
            await root.ExitCodeAsync();
        }

        await RefusedAsync($"hal-cache: the data in {In("a")} is that of a root, or of an instance that stood alone", [.. At("a"), .. Secret, .. Below("127.0.0.1:1")]);
        await RefusedAsync($"hal-cache: what is in {In("b")} are a branch's or leaf's copies", [.. At("b"), .. Secret, "--name", "top", "--role", "root"]);
        await RefusedAsync($"hal-cache: what is in {In("b")} are a branch's or leaf's copies", At("b"));

        await using var alone = await SiloRun.ServeAsync(Home, At("a"));
        using var last = new RespTestClient(PortOf(alone));
        Assert.Equal("v", last.Command("GET", "k").Text);
    }

    private static int PortOf(SiloRun run) => int.Parse(run.Ready["resp"].Split(':')[^1], CultureInfo.InvariantCulture);

    private string In(string name) => Path.Combine(Home, name);

    private string[] At(string name) => [.. AnyPort, "--data", In(name), "--memory", "64mb", "--disk", "256mb"];

    private string[] Secret => ["--cluster-secret", Write("secret", "0123456789abcdef0123456789")];

    private static string[] Below(string root) => ["--name", "low", "--role", "leaf", "--parent", "top", "--peer", $"top={root}"];

    private async Task RefusedAsync(string why, IEnumerable<string> args)
    {
        await using var run = await SiloRun.FinishAsync(Home, args);
        Assert.StartsWith(why, run.Errors, StringComparison.Ordinal);
        Assert.Equal(2, await run.ExitCodeAsync());
    }
}
