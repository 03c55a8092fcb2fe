using System.Globalization;
using System.Net;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>This program's own <c>relay</c> verb as a process before a server; disposing ends it.</summary>
internal sealed class RunningRelay : IDisposable
{
    /// <summary>The line with which it says that it listens.</summary>
    public const string Ready = "ready";

    private readonly ChildProcesses children;
    private readonly ChildProcess process;

    private RunningRelay(ChildProcesses children, IPEndPoint source, string folder)
    {
        string[] arguments = ["exec", typeof(RunningRelay).Assembly.Location, "relay", "--listen", Text(Endpoint.Port), "--to", Text(source.Port)];
        (this.children, process) = (children, children.Start(new LaunchPlan("dotnet", arguments, Ready), folder));
    }

    public IPEndPoint Endpoint { get; } = new(IPAddress.Loopback, FreePort.Next());

    public static async Task<RunningRelay> StartAsync(ChildProcesses children, IPEndPoint source, string folder, CancellationToken cancel)
    {
        var relay = new RunningRelay(children, source, folder);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(RunningServer.StartTimeMax);
        if (await Task.WhenAny(relay.process.Ready, relay.process.ExitAsync(limit.Token)) == relay.process.Ready)
            return relay;
        var tail = relay.process.Tail;
        relay.Dispose();
        cancel.ThrowIfCancellationRequested();
        throw new BenchmarkException($"the relay did not get ready: {tail}");
    }

    public void Dispose() => children.Ended(process);

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
