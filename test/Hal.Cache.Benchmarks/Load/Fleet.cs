using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>The servers of a run, and the one way in which they are started and their failures noted.</summary>
internal sealed class Fleet(IReadOnlyList<IServerUnderTest> servers, WorkFolder work, ChildProcesses children, TextWriter progress)
{
    public IReadOnlyList<IServerUnderTest> Servers => servers;

    public Task<RunningServer> StartAsync(IServerUnderTest server, Durability durability, CancellationToken cancel) =>
        RunningServer.StartAsync(server, durability, work, children, cancel);

    /// <summary>Does one step for a server; its failure is written into the rows and the answer is false.</summary>
    public async Task<bool> TryAsync(IServerUnderTest server, IReadOnlyCollection<RowRecorder> rows, Func<Task> step, CancellationToken cancel)
    {
        try
        {
            await step();
            return true;
        }
        catch (Exception e) when (e is BenchmarkException or IOException or System.Net.Sockets.SocketException && !cancel.IsCancellationRequested)
        {
            foreach (var row in rows)
                row.Fail(server.Name, e.Message);
            await progress.WriteLineAsync($"{server.Name}: {e.Message}");
            return false;
        }
    }
}
