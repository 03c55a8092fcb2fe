using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Hal.Cache.Testing.Simulation;
using Xunit.Abstractions;

namespace Hal.Cache.ControlPlane.Orleans.Tests;

/// <summary>Coherence does not rest on grains: what clients see while silos of the cluster are killed has one order.</summary>
public sealed class ClusterLinearizabilityTests(ITestOutputHelper output) : IDisposable
{
    private const int Seed = 7;
    private const int Kills = 2;

    private static readonly string[] Keys = [.. Enumerable.Range(0, 8).Select(i => $"lin:{i}")];

    private readonly PostgresServer database = new();

    public void Dispose() => database.Dispose();

    [Fact]
    public async Task Reads_and_writes_at_root_and_leaf_have_one_order_while_the_silo_between_them_is_killed()
    {
        using var tree = TreeProcesses.ThreeLevels(new SiloProcessOptions { Memory = "64mb", Disk = "256mb", ClusterDatabase = database.ConnectionString("postgres") });
        var history = new ConcurrentBag<Operation>();
        var failedReads = new ConcurrentBag<string>();
        using var stop = new CancellationTokenSource();
        var clients = new[] { "root", "leaf", "leaf", "root" }
            .Select((name, i) => Task.Run(() => Run(tree[name], name, new Random(Seed + i), history, failedReads, stop.Token))).ToArray();

        for (var kill = 0; kill < Kills; kill++)
        {
            tree["branch"].Kill();
            tree["branch"].Start();
            tree.WaitConnected();
        }
        await stop.CancelAsync();
        await Task.WhenAll(clients);

        output.WriteLine($"{history.Count} operations, {history.Count(o => o.Returned == Operation.Never)} of unknown outcome, {failedReads.Count} failed reads");
        Assert.True(history.Count > 100, $"only {history.Count} operations were made");
        Assert.Null(LinearizabilityChecker.FindViolation(history));
        Assert.Empty(failedReads);
    }

    private static void Run(TreeMember member, string name, Random random, ConcurrentBag<Operation> history, ConcurrentBag<string> failedReads, CancellationToken stop)
    {
        using var client = new RespTestClient(member.Port);
        while (!stop.IsCancellationRequested)
        {
            var key = Keys[random.Next(Keys.Length)];
            var argument = random.Next(1000);
            var kind = random.Next(4) switch { 0 => OperationKind.Set, 1 => OperationKind.Increment, _ => OperationKind.Read };
            var invoked = Stopwatch.GetTimestamp();
            var reply = kind switch
            {
                OperationKind.Set => client.Command("SET", key, argument.ToString(CultureInfo.InvariantCulture)),
                OperationKind.Increment => client.Command("INCR", key),
                _ => client.Command("GET", key),
            };
            var returned = Stopwatch.GetTimestamp();
            if (reply.IsError)
            {
                // A write that failed may have been made all the same.
                if (kind == OperationKind.Read) failedReads.Add($"{name}: {reply.Text}");
                else history.Add(new Operation(key, kind, argument, null, invoked, Operation.Never));
                continue;
            }
            long? result = kind == OperationKind.Set || reply.IsNull ? null : long.Parse(reply.Text, CultureInfo.InvariantCulture);
            history.Add(new Operation(key, kind, argument, result, invoked, returned));
        }
    }
}
