using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hal.Cache.Benchmarks.Load;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>One started server on its own loopback port and directory; disposing ends it and removes its data.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    /// <summary>Longest time from a start until it serves, loading of earlier data included.</summary>
    internal static readonly TimeSpan StartTimeMax = TimeSpan.FromMinutes(2);

    /// <summary>Longest time from SIGTERM to the end of the process; SIGKILL comes then.</summary>
    internal static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for one answer while it starts or saves.</summary>
    internal static readonly TimeSpan ReplyTimeMax = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(2);

    private readonly ChildProcesses children;
    private readonly Durability durability;
    private readonly ServerPlace place;
    private ChildProcess? process;

    private RunningServer(IServerUnderTest server, Durability durability, ServerPlace place, ChildProcesses children) =>
        (Server, this.durability, this.place, this.children) = (server, durability, place, children);

    public IServerUnderTest Server { get; }

    public IPEndPoint Endpoint => new(IPAddress.Loopback, place.Port);

    /// <summary>How data outlives a restart here, for the report.</summary>
    public string Means => Server.Restart(durability).Means;

    public static async Task<RunningServer> StartAsync(
        IServerUnderTest server, Durability durability, WorkFolder work, ChildProcesses children, CancellationToken cancel)
    {
        var place = new ServerPlace(FreePort.Next(), FreePort.Next(), work.New(server.Name), Again: false);
        var running = new RunningServer(server, durability, place, children);
        try
        {
            await running.LaunchAsync(place, cancel);
            // A read, and not PING, which some servers answer while they still load.
            await running.WaitUntilAsync(["GET", "not:loaded"], reply => reply is { Kind: (byte)'$', Length: -1 }, cancel);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    /// <summary>Restarts on the same data and returns the time from the new process's start to the first right answer to GET.</summary>
    public async Task<TimeSpan> RestartAsync(string key, int valueBytes, CancellationToken cancel)
    {
        var recipe = Server.Restart(durability);
        if (recipe.CommandBefore is { } command)
        {
            using var control = await RespSocket.ConnectAsync(Endpoint, cancel);
            await AnswerAsync(control.CallAsync([command], cancel), command, cancel);
        }
        await StopAsync(recipe.Kill);
        var started = Stopwatch.GetTimestamp();
        await LaunchAsync(place with { Again = true }, cancel);
        await WaitUntilAsync(["GET", key], reply => reply.Kind == (byte)'$' && reply.Length == valueBytes, cancel);
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Resident memory of the process, in bytes.</summary>
    public long ResidentBytes() => ProcessUsage.ResidentBytes(process!.Id);

    public async ValueTask DisposeAsync()
    {
        await StopAsync(kill: true);
        if (Directory.Exists(place.Directory))
            Directory.Delete(place.Directory, recursive: true);
    }

    private async Task LaunchAsync(ServerPlace at, CancellationToken cancel)
    {
        var plan = Server.Launch(at, durability);
        process = children.Start(plan, at.Directory);
        if (plan.ReadyPrefix is null)
            return;
        try
        {
            var first = await Task.WhenAny(process.Ready, process.ExitAsync(cancel)).WaitAsync(StartTimeMax, cancel);
            cancel.ThrowIfCancellationRequested();
            if (first == process.Ready)
                return;
        }
        catch (TimeoutException)
        {
            // Said below, with what it did print.
        }
        throw new BenchmarkException($"{Server.Name} did not say '{plan.ReadyPrefix}': {process.Tail}");
    }

    private async Task WaitUntilAsync(IReadOnlyList<string> command, Func<WireReply, bool> right, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        using var poll = new PeriodicTimer(PollEvery);
        do
        {
            string last;
            try
            {
                using var control = await RespSocket.ConnectAsync(Endpoint, cancel);
                var reply = await AnswerAsync(control.SendAndReadAsync(command, cancel), command[0], cancel);
                if (right(reply))
                    return;
                last = reply.ToString();
            }
            catch (Exception e) when (e is SocketException or BenchmarkException)
            {
                last = e.Message;
            }
            if (process!.HasExited)
                throw new BenchmarkException($"{Server.Name} ended while starting: {process.Tail}");
            if (Stopwatch.GetElapsedTime(started) > StartTimeMax)
                throw new BenchmarkException($"{Server.Name} did not serve within {StartTimeMax.TotalSeconds:0} s: {last} {process.Tail}");
        }
        while (await poll.WaitForNextTickAsync(cancel));
    }

    private static async Task<WireReply> AnswerAsync(Task<WireReply> answer, string command, CancellationToken cancel)
    {
        try
        {
            return await answer.WaitAsync(ReplyTimeMax, cancel);
        }
        catch (TimeoutException e)
        {
            throw new BenchmarkException($"no answer to {command} within {ReplyTimeMax.TotalSeconds:0} s", e);
        }
    }

    private async Task StopAsync(bool kill)
    {
        if (process is not { } running)
            return;
        process = null;
        if (kill)
            running.Kill();
        else
            running.Terminate();
        using var limit = new CancellationTokenSource(StopTimeMax);
        try
        {
            await running.ExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            running.Kill();
            await running.ExitAsync(CancellationToken.None);
        }
        children.Ended(running);
    }
}
