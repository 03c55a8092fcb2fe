using System.Collections.Concurrent;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Gateway.Server;

namespace Hal.Cache.Gateway.Peers.Waits;

/// <summary>The authority's end of the connection that another instance's waiting commands share.</summary>
internal sealed class WaitRuns(ServerState server, IFrameChannel channel) : IFrameSink
{
    private readonly CommandDispatcher dispatcher = new(server);
    private readonly ConcurrentDictionary<long, WaitRun> running = new();

    public void Received(ReadOnlySpan<byte> frame)
    {
        if (!WaitFrame.TryRead(frame, out WaitFrame.Kind kind, out long request))
        {
            channel.Close();
            return;
        }

        if (kind == WaitFrame.Kind.Run)
            Start(request, frame[WaitFrame.HeaderBytes..].ToArray());
        else if (running.TryGetValue(request, out WaitRun? run) && kind == WaitFrame.Kind.Cancel)
            run.Cancel();
        else if (kind == WaitFrame.Kind.Taken)
            run?.Taken();
    }

    public void Closed()
    {
        foreach (WaitRun run in running.Values)
            run.Cancel();
    }

    // Running a command may take long, and what reads the connection must not wait for it.
    private void Start(long request, byte[] command)
    {
        if (running.Count >= GatewayLimits.SharedWaitsMax)
        {
            channel.TrySend([.. WaitFrame.Of(WaitFrame.Kind.Piece, request), .. "-ERR max number of clients reached\r\n"u8]);
            channel.TrySend(WaitFrame.Of(WaitFrame.Kind.End, request));
            return;
        }

        var run = new WaitRun(server, channel, request);
        running[request] = run;
        _ = Task.Run(() => RunAsync(run, request, command));
    }

    private async Task RunAsync(WaitRun run, long request, byte[] command)
    {
        try
        {
            await run.RunAsync(dispatcher, command).ConfigureAwait(false);
        }
        finally
        {
            running.TryRemove(KeyValuePair.Create(request, run));
            channel.TrySend(WaitFrame.Of(WaitFrame.Kind.End, request));
            run.Dispose();
        }
    }
}
