using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>Many connections that send the same bytes again and again and read a known number of reply lines after each.</summary>
internal static class BatchDriver
{
    private static readonly TimeSpan RunTimeMax = TimeSpan.FromSeconds(60);

    /// <param name="endpoint">The server.</param>
    /// <param name="connections">Connections side by side.</param>
    /// <param name="batch">Bytes of one batch.</param>
    /// <param name="lines">Reply lines of one batch; a bulk with its bytes is one, an array's head is one, and each of its elements.</param>
    /// <param name="requests">Requests in one batch, for the rate.</param>
    /// <param name="total">Requests in all, at least.</param>
    /// <param name="delivered">Completes when what the requests cause elsewhere is done too; it is in the time measured.</param>
    /// <param name="cancel">Ends the run.</param>
    public static async Task<Sample> RunAsync(
        IPEndPoint endpoint, int connections, byte[] batch, int lines, int requests, int total, Func<int, CancellationToken, Task>? delivered,
        CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(RunTimeMax);
        var sockets = new List<RespSocket>();
        try
        {
            for (var i = 0; i < connections; i++)
                sockets.Add(await RespSocket.ConnectAsync(endpoint, limit.Token));
            var left = (total + requests - 1) / requests;
            var all = left * requests;
            var started = Stopwatch.GetTimestamp();
            var latencies = await Task.WhenAll(sockets.Select(socket => Task.Run(() => WorkAsync(socket), limit.Token)));
            if (delivered is not null)
                await delivered(all, limit.Token);
            var elapsed = Stopwatch.GetElapsedTime(started);
            return Sample.Of([.. latencies.SelectMany(list => list)], all / elapsed.TotalSeconds);

            async Task<List<long>> WorkAsync(RespSocket socket)
            {
                var times = new List<long>();
                while (Interlocked.Decrement(ref left) >= 0)
                {
                    var sent = Stopwatch.GetTimestamp();
                    await socket.SendAsync(batch, limit.Token);
                    for (var line = 0; line < lines; line++)
                    {
                        if (await socket.ReadAsync(limit.Token) is { Kind: (byte)'-' } error)
                            throw new BenchmarkException($"a request answered {error}");
                    }
                    times.Add(Stopwatch.GetTimestamp() - sent);
                }
                return times;
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new BenchmarkException($"the own driver did not end within {RunTimeMax.TotalSeconds:0} s");
        }
        catch (SocketException e)
        {
            throw new BenchmarkException($"the own driver lost its connection: {e.Message}", e);
        }
        finally
        {
            foreach (var socket in sockets)
                socket.Dispose();
        }
    }
}
