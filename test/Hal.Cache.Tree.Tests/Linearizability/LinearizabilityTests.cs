using System.Globalization;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Simulation;
using Xunit.Abstractions;

namespace Hal.Cache.Tree.Tests.Linearizability;

/// <summary>
/// Histories of a real tree under kill -9, restarts and processes that stand still are linearizable, key by key. An ordinary run takes some
/// 15 s; HAL_TEST_LINEARIZABILITY_SECONDS says for how long instead, HAL_TEST_SEED with which chance.
/// </summary>
public sealed class LinearizabilityTests(ITestOutputHelper output)
{
    /// <summary>How long the clients of an instance wait for an answer: one goes away before the instance gives a command up, one after.</summary>
    private static readonly TimeSpan[] Waits = [TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(12)];

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(Setting("HAL_TEST_LINEARIZABILITY_SECONDS", 15));
    private static readonly int WritesMin = (int)(Duration.TotalSeconds * 10);
    private static readonly int Seed = Setting("HAL_TEST_SEED", 1);

    /// <summary>Keys are used for so long, that histories stay short enough to be searched; some of them for ever.</summary>
    private static readonly TimeSpan KeyPeriod = TimeSpan.FromSeconds(1.5);

    [Fact]
    public async Task Reads_writes_and_counters_are_linearizable_while_any_process_is_killed_restarted_or_stands_still()
    {
        using var plane = SiloProcess.Started(new SiloProcessOptions { Memory = "64mb", Disk = "256mb" });
        using var tree = TreeProcesses.Started(
            new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Durability = "commit", ControlPlane = $"http://127.0.0.1:{plane.HttpPort}" },
            ("root", null), ("branch", "root"), ("leaf1", "branch"), ("leaf2", "branch"));
        var history = new HistoryLog();
        using var stop = new CancellationTokenSource();
        var began = HistoryLog.Now;

        var clients = tree.Members.SelectMany((member, at) => Enumerable.Range(0, Waits.Length).Select(client =>
            Task.Factory.StartNew(
                () => Use(member, history, Waits[client], new Random(HashCode(Seed, at, client)), began, stop.Token),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))).ToArray();
        var faults = await Task.Factory.StartNew(() => new FaultPlan(tree, plane, new Random(Seed)).Run(Duration, () => Written(history) > WritesMin), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        tree.WaitConnected();
        ReadAll(tree, history);
        await ReportedAsync(tree, plane);

        var operations = history.Operations.ToArray();
        output.WriteLine($"seed {Seed}: {operations.Length} operations, {operations.Count(o => o.Returned == Operation.Never)} without an outcome, on {operations.Select(o => o.Key).Distinct().Count()} keys");
        output.WriteLine($"refused: {string.Join(", ", history.Refusals.Select(r => $"{r.Value} x {r.Key}"))}");
        output.WriteLine(string.Join('\n', faults));
        Assert.All(history.Refusals.Keys, error => Assert.True(error is "TRYAGAIN" or "ERR outcome unknown", $"seed {Seed}: an unclear refusal: {error}"));
        Assert.True(Written(history) > WritesMin, $"seed {Seed}: hardly any write came through");
        var violation = history.FindViolation();
        Assert.True(violation is null, $"seed {Seed}: {violation}\n{string.Join('\n', faults)}");
    }

    private static int Written(HistoryLog history) => history.Operations.Count(o => o.Kind != OperationKind.Read && o.Returned != Operation.Never);

    private static void Use(TreeMember member, HistoryLog history, TimeSpan wait, Random random, long began, CancellationToken stop)
    {
        using var client = new RecordingClient(member.Name, member.Port, history, wait);
        while (!stop.IsCancellationRequested)
        {
            var window = (int)(System.Diagnostics.Stopwatch.GetElapsedTime(began) / KeyPeriod);
            if (random.Next(4) == 0) window--;
            var name = random.Next(10) == 0 ? "long" : window.ToString(CultureInfo.InvariantCulture);
            var isCounter = random.Next(3) == 0;
            var key = isCounter ? $"cnt:{name}:{random.Next(2)}" : $"reg:{name}:{random.Next(3)}";
            var isReached = random.Next(100) switch
            {
                < 65 => client.Get(key),
                _ when isCounter => client.Increment(key),
                < 70 => client.Delete(key),
                _ => client.Set(key, history.NewValue()),
            };
            stop.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(isReached ? random.Next(6) : 30));
        }
    }

    // What was acknowledged is there, at every instance.
    private static void ReadAll(TreeProcesses tree, HistoryLog history)
    {
        var keys = history.Operations.Select(o => o.Key).Distinct().ToArray();
        foreach (var member in tree.Members)
        {
            using var client = new RecordingClient(member.Name, member.Port, history);
            foreach (var key in keys) client.Get(key);
        }
    }

    // All have registered and reported again.
    private static async Task ReportedAsync(TreeProcesses tree, SiloProcess host)
    {
        using var plane = new PlaneClient(host.HttpPort);
        foreach (var member in tree.Members)
        {
            await plane.UntilAsync($"/v1/instances/{member.Name}", PlaneClient.IsLive);
            using var client = new RespTestClient(member.Port);
            Assert.Equal("OK", client.Command("SET", $"end:{member.Name}", "v").Text);
            Assert.Equal("v", client.Command("GET", $"end:{member.Name}").Text);
        }

        foreach (var member in tree.Members) await plane.HeldByAsync($"end:{member.Name}", [.. new[] { "root", member.Name }.Distinct().Order(StringComparer.Ordinal)]);
    }

    // Not the framework's, which differs from run to run.
    private static int HashCode(int seed, int instance, int client) => (seed * 1000) + (instance * 10) + client;

    private static int Setting(string name, int preset) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : preset;
}
