using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>A cluster that changes while clients use it, as processes over a real PostgreSQL.</summary>
public sealed class ClusterChangeTests(ITestOutputHelper output) : IDisposable
{
    private const int Seed = 11;
    private const int ReadsMin = 100;

    private readonly PostgresServer database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public async Task A_cluster_that_grows_is_restarted_silo_by_silo_and_shrinks_fails_no_read_and_tells_nothing_old()
    {
        string[] added = ["a", "b", "c"];
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Durability = "commit", ClusterDatabase = database.ConnectionString("postgres"), Later = added },
            ("root", null), ("a", "root"), ("b", "root"), ("c", "b"));
        using var load = new CounterLoad(Seed, tree["root"]);

        foreach (var name in added)
        {
            tree[name].Start();
            tree.WaitConnected();
            load.Open(tree[name]);
        }
        await HoldAsync(tree, "c");
        await SeeAsync(load, "one silo became four");

        foreach (var name in new[] { "c", "b", "root" })
        {
            load.Close(tree[name]);
            load.IsRootAway = name == "root";
            Assert.Equal(0, tree[name].Terminate());
            tree[name].Start();
            tree.WaitConnected();
            load.IsRootAway = false;
            load.Open(tree[name]);
        }
        await HoldAsync(tree, "a");
        await SeeAsync(load, "three of them were restarted");

        foreach (var name in added.Reverse())
        {
            load.Close(tree[name]);
            Assert.Equal(0, tree[name].Terminate());
        }
        await ClusterTree.SucceedsAsync(tree["root"], plane => plane.Content.TotalsAsync(CancellationToken.None));
        await SeeAsync(load, "one was left");
        await load.StopAsync();

        Assert.True(load.Wrong.Count == 0, $"seed {Seed}: {string.Join('\n', load.Wrong.Take(10))}");
    }

    // Every silo that runs knows who has a copy.
    private static async Task HoldAsync(TreeProcesses tree, string holder)
    {
        using (var client = new RespTestClient(tree[holder].Port))
        {
            Assert.Equal("OK", client.Command("SET", $"held-by-{holder}", "v").Text);
            Assert.Equal("v", client.Command("GET", $"held-by-{holder}").Text);
        }
        foreach (var member in tree.Members.Where(m => m.IsRunning)) await ClusterTree.HoldersAreAsync(member, $"held-by-{holder}", holder);
    }

    private async Task SeeAsync(CounterLoad load, string what)
    {
        var (reads, writes) = (load.Reads, load.Writes);
        Assert.True(
            await Eventually.HoldsAsync(() => load.Reads > reads + ReadsMin && load.Writes > writes, ClusterTree.Patience), $"clients did not go on when {what}: {load}");
        output.WriteLine($"{what}: {load}");
    }
}
