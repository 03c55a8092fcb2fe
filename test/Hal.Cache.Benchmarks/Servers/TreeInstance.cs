using System.Globalization;
using System.Net;
using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>One instance of a <see cref="RunningTree"/>: a silo process on loopback ports and a directory of its own.</summary>
internal sealed class TreeInstance(string name, string? parent, string directory)
{
    private ChildProcess? process;

    public string Name => name;

    public string? Parent => parent;

    public string Directory => directory;

    public int HttpPort { get; } = FreePort.Next();

    public IPEndPoint Endpoint { get; } = new(IPAddress.Loopback, FreePort.Next());

    public int Pid => process!.Id;

    /// <summary>One of HAL.INFO's counters; 0 where there is none of that name.</summary>
    public long Counter(string counter)
    {
        using var client = Connect();
        var info = client.Command("HAL.INFO").Items ?? throw new BenchmarkException($"{name} does not answer HAL.INFO");
        for (var i = 0; i + 1 < info.Count; i += 2)
        {
            if (info[i].Text == counter)
                return info[i + 1].Number;
        }
        return 0;
    }

    /// <summary>A connection for what is not measured.</summary>
    public RespTestClient Connect() => new(Endpoint.Port);

    /// <summary>Sends a command that must not fail.</summary>
    public RespTestReply Call(params string[] command)
    {
        using var client = Connect();
        var reply = client.Command(command);
        return reply.IsError ? throw new BenchmarkException($"{name}: {command[0]} answered {reply.Text}") : reply;
    }

    public async Task LaunchAsync(ChildProcesses children, string assembly, IEnumerable<string> arguments, CancellationToken cancel)
    {
        System.IO.Directory.CreateDirectory(directory);
        process = children.Start(new LaunchPlan("dotnet", ["exec", assembly, .. arguments], ReadyPrefix: "ready"), directory);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(RunningServer.StartTimeMax);
        try
        {
            if (await Task.WhenAny(process.Ready, process.ExitAsync(limit.Token)) == process.Ready)
                return;
        }
        catch (OperationCanceledException)
        {
            cancel.ThrowIfCancellationRequested();
        }
        throw new BenchmarkException($"{name} did not get ready: {process.Tail}");
    }

    /// <summary>Ends the process as <c>kill -9</c> does; nothing where none runs.</summary>
    public void Kill() => process?.Kill();

    public async Task EndAsync(ChildProcesses children)
    {
        if (process is not { } running)
            return;
        process = null;
        running.Kill();
        await running.ExitAsync(CancellationToken.None);
        children.Ended(running);
    }

    /// <summary>HOST:PORT of an instance's RESP or HTTP port.</summary>
    public static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
