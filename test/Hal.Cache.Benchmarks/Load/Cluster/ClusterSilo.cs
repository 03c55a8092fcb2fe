using System.Net;
using Hal.Cache.Benchmarks.Servers;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Benchmarks.Load.Cluster;

/// <summary>A silo that is a member of a cluster and has no instance of a tree: it answers for the control plane alone.</summary>
internal sealed class ClusterSilo : IDisposable
{
    private readonly TempDirectory directory = new("silo");
    private readonly Testing.Processes.ChildProcess process;

    public ClusterSilo(string database)
    {
        string[] arguments =
        [
            "exec", SiloAssembly.Locate(), "--listen", Loopback(), "--http", Loopback(), "--data", directory.Combine("data"), "--memory", "64mb", "--disk", "256mb",
            "--cluster", "orleans", "--postgres", database, "--cluster-listen", Loopback(), "--cluster-gateway", Gateway.ToString(),
        ];
        process = new Testing.Processes.ChildProcess("dotnet", arguments, line => line.StartsWith("ready", StringComparison.Ordinal));
    }

    public IPEndPoint Gateway { get; } = new(IPAddress.Loopback, FreePort.Next());

    public int Pid => process.Pid;

    public void WaitReady() => process.WaitReady(RunningServer.StartTimeMax);

    public void Dispose()
    {
        process.Dispose();
        directory.Dispose();
    }

    private static string Loopback() => TreeInstance.Address(FreePort.Next());
}
