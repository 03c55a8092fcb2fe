using System.Net;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>Sends commands in pipelined batches over one connection; <see cref="BenchmarkException"/> at the first error.</summary>
internal static class CommandLoader
{
    private const int BatchMax = 500;
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(3);

    public static async Task LoadAsync(IPEndPoint endpoint, IEnumerable<string[]> commands, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeMax);
        try
        {
            using var socket = await RespSocket.ConnectAsync(endpoint, limit.Token);
            foreach (var batch in commands.Chunk(BatchMax))
            {
                await socket.SendAsync(batch.SelectMany(RespSocket.Encode).ToArray(), limit.Token);
                for (var i = 0; i < batch.Length; i++)
                {
                    var reply = await socket.ReadAsync(limit.Token);
                    if (reply.Kind == (byte)'-')
                        throw new BenchmarkException($"{batch[i][0]} answered {reply}");
                }
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new BenchmarkException($"loading took over {TimeMax.TotalSeconds:0} s");
        }
    }
}
