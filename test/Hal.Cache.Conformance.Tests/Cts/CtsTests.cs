using Hal.Cache.Conformance.Tests.Servers;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Cts;

/// <summary>The public resp-compatibility suite (tair-opensource, MIT licence), read as data from beside the repository where it is present.</summary>
public sealed class CtsTests(ITestOutputHelper output)
{
    /// <summary>Cases that redis-server 7.0.15 itself fails: they need a later version.</summary>
    private const int ControlFailuresMax = 2;

    public static TheoryData<string> Servers => ServersUnderTest.SiloLeafAndControl;

    [Theory]
    [MemberData(nameof(Servers))]
    public void Server_passes_every_case_whose_commands_it_serves(string name)
    {
        var path = Path.Combine(RepositoryPaths.Shared, "conformance", "cts.json");
        if (!File.Exists(path))
        {
            output.WriteLine("Left out: cts.json is not beside this repository.");
            return;
        }

        using var server = ServersUnderTest.Start(name, output);
        if (server is null) return;
        var cases = CtsCase.Load(path).Where(one => one.IsStandalone).ToList();
        var served = new ServedCommands(server.Port);

        var run = cases.Where(one => one.Command.All(line => served.Contains(CtsCommandLine.Split(line, one.CommandBinary)[0]))).ToList();
        var failures = run.Select(one => Failure(one, server.Port)).OfType<string>().ToList();

        output.WriteLine($"{name}: {run.Count} cases run, {cases.Count - run.Count} not yet served, {failures.Count} failed.");
        foreach (var failure in failures) output.WriteLine(failure);
        Assert.NotEmpty(run);
        if (name == "redis")
        {
            Assert.Equal(cases.Count, run.Count);
            Assert.True(failures.Count <= ControlFailuresMax, string.Join('\n', failures));
        }
        else
        {
            Assert.True(failures.Count == 0, string.Join('\n', failures));
        }
    }

    [Fact]
    public void Silo_passes_every_case_for_a_cluster_with_the_cluster_view()
    {
        var path = Path.Combine(RepositoryPaths.Shared, "conformance", "cts.json");
        if (!File.Exists(path))
        {
            output.WriteLine("Left out: cts.json is not beside this repository.");
            return;
        }

        using var server = ServersUnderTest.Start("silo", output, new SiloProcessOptions { ClusterView = "on" })!;
        using var client = new RespTestClient(server.Port);
        Assert.Contains("cluster_state:ok", client.Command("CLUSTER", "INFO").Text, StringComparison.Ordinal);
        var cases = CtsCase.Load(path).Where(one => one.IsForCluster).ToList();
        var served = new ServedCommands(server.Port);

        var run = cases.Where(one => one.Command.All(line => served.Contains(CtsCommandLine.Split(line, one.CommandBinary)[0]))).ToList();
        var failures = run.Select(one => Failure(one, server.Port)).OfType<string>().ToList();

        output.WriteLine($"silo as a cluster: {run.Count} cases run, {cases.Count - run.Count} not yet served, {failures.Count} failed.");
        Assert.NotEmpty(run);
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    private static string? Failure(CtsCase one, int port)
    {
        using var client = new RespTestClient(port);
        client.Command("FLUSHALL");
        for (var i = 0; i < one.Command.Count; i++)
        {
            var reply = client.Command(CtsCommandLine.Split(one.Command[i], one.CommandBinary));
            if (CtsComparison.Difference(reply, one.Result[i], one) is { } difference)
                return $"{one.Name} (since {one.Since}): {one.Command[i]}: {difference}";
        }

        return null;
    }
}
