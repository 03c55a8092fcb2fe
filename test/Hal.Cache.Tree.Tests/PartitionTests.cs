using System.Diagnostics;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Simulation;
using Hal.Cache.Tree.Tests.Linearizability;

namespace Hal.Cache.Tree.Tests;

/// <summary>Ways that pass nothing any more, quietly or with a reset: between instances, and to the control plane.</summary>
public sealed class PartitionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // What a lease and the wait of the authority take together at most, and some for a slow machine.
    private static readonly TimeSpan WriteMax = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Instances_that_are_cut_off_serve_what_they_hold_for_a_lease_then_refuse_or_go_on_as_they_are_set_to_and_come_back()
    {
        string[] names = ["quiet", "reset", "loose"];
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions
            {
                Memory = "64mb", Disk = "256mb", WithPlane = true,
                Links = [.. names.Select(n => (n, "root")), ("quiet", TreeProcesses.Plane), ("reset", TreeProcesses.Plane)],
                Further = new Dictionary<string, IReadOnlyList<string>> { ["loose"] = ["--coherence", "available"] },
            },
            ("root", null), ("quiet", "root"), ("reset", "root"), ("loose", "root"));
        using var plane = new PlaneClient(tree["root"]);
        var (strict, all) = (new HistoryLog(), new HistoryLog());
        using (var root = new RecordingClient("root", tree["root"].Port, strict)) root.Set("reg:k", 11);
        foreach (var name in names)
        {
            using var client = new RespTestClient(tree[name].Port);
            Assert.Equal("11", client.Command("GET", "reg:k").Text);
            await plane.UntilAsync($"/v1/instances/{name}", PlaneClient.IsLive);
        }

        await plane.HeldByAsync("reg:k", "loose", "quiet", "reset", "root");
        var invoked = HistoryLog.Now;

        tree.Link("quiet", "root").Hold();
        tree.Link("loose", "root").Hold();
        tree.Link("reset", "root").Reset();
        tree.Link("quiet", TreeProcesses.Plane).Hold();
        tree.Link("reset", TreeProcesses.Plane).Reset();
        var write = Task.Run(() => Timed(() =>
        {
            using var client = new RecordingClient("root", tree["root"].Port, strict, wait: WriteMax + Patience);
            client.Set("reg:k", 12);
        }));
        var forwarded = Task.Run(() =>
        {
            using var client = new RespTestClient(tree["quiet"].Port);
            var took = Stopwatch.StartNew();
            return (client.Command("SET", "reg:other", "3").Text, took.Elapsed);
        });
        var readers = names.Select(name => Task.Run(() => Read(tree[name], name == "loose" ? all : strict, write))).ToArray();

        var asked = Stopwatch.StartNew();
        using (var client = new RespTestClient(tree["quiet"].Port)) Assert.True(client.Command("HAL.WHERE", "reg:k").IsError);
        Assert.True(asked.Elapsed < WriteMax, $"HAL.WHERE without a control plane took {asked.Elapsed}");
        var waited = await write;
        Assert.InRange(waited, TimeSpan.FromSeconds(1), WriteMax);
        var (refusal, refusedAfter) = await forwarded;
        Assert.True(refusal.StartsWith("TRYAGAIN", StringComparison.Ordinal) || refusal.StartsWith("ERR outcome unknown", StringComparison.Ordinal), refusal);
        Assert.True(refusedAfter < TimeSpan.FromSeconds(15), $"a write without a root was refused after {refusedAfter}");
        foreach (var reader in readers) await reader;
        foreach (var name in new[] { "quiet", "reset" })
        {
            using var client = new RespTestClient(tree[name].Port);
            var took = Timed(() => Assert.StartsWith("TRYAGAIN", client.Command("GET", "reg:k").Text, StringComparison.Ordinal));
            Assert.True(took < TimeSpan.FromSeconds(2), $"{name} took {took} to refuse");
        }

        using (var loose = new RespTestClient(tree["loose"].Port)) Assert.Equal("11", loose.Command("GET", "reg:k").Text);
        Assert.Null(strict.FindViolation());
        // The very reads that `available` is told to give up, as a check of the check.
        foreach (var operation in strict.Operations.Where(o => o.Kind == OperationKind.Set)) all.Add("root", operation.Key, operation.Kind, operation.Argument, null, operation.Invoked, operation.Returned);
        Assert.Contains("reg:k is not linearizable", all.FindViolation(), StringComparison.Ordinal);
        Assert.All(all.Operations, operation => Assert.True(operation.Kind == OperationKind.Set || operation.Invoked > invoked));

        foreach (var (from, to) in names.Select(n => (n, "root")).Concat([("quiet", TreeProcesses.Plane), ("reset", TreeProcesses.Plane)])) tree.Link(from, to).Heal();
        foreach (var name in names)
        {
            using var client = new RespTestClient(tree[name].Port);
            Assert.True(await Eventually.HoldsAsync(() => client.Command("GET", "reg:k").Text == "12", Patience), $"{name} does not come back");
            Assert.Equal("OK", client.Command("SET", $"reg:{name}", "5").Text);
            await plane.UntilAsync($"/v1/instances/{name}", PlaneClient.IsLive);
            await plane.HeldByAsync($"reg:{name}", "root");
        }

        await plane.HeldByAsync("reg:k", "loose", "quiet", "reset", "root");
    }

    // Reads until the write is acknowledged and for some time after that.
    private static void Read(TreeMember member, HistoryLog history, Task write)
    {
        using var client = new RecordingClient(member.Name, member.Port, history, wait: Patience);
        using var pause = new ManualResetEventSlim();
        for (var after = 0; after < 20; after += write.IsCompleted ? 1 : 0)
        {
            client.Get("reg:k");
            pause.Wait(10);
        }
    }

    private static TimeSpan Timed(Action action)
    {
        var watch = Stopwatch.StartNew();
        action();
        return watch.Elapsed;
    }
}
