using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>
/// Drives large values over bare sockets: replies are counted and dropped from a fixed buffer, where redis-benchmark
/// assembles each one and then measures its own copying.
/// </summary>
internal sealed class LargeValueDriver : ILoadClient
{
    private const int Seed = 99;
    private static readonly TimeSpan RunTimeMax = TimeSpan.FromSeconds(60);

    public async Task<Sample> RunAsync(IPEndPoint endpoint, LoadCell cell, int connections, int requests, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(RunTimeMax);
        var value = new byte[cell.ValueBytes + 2];
        new Random(Seed).NextBytes(value);
        "\r\n"u8.CopyTo(value.AsSpan(cell.ValueBytes));
        var sockets = new List<RespSocket>();
        try
        {
            for (var i = 0; i < connections; i++)
                sockets.Add(await RespSocket.ConnectAsync(endpoint, limit.Token));
            var left = new Countdown(requests);
            var started = Stopwatch.GetTimestamp();
            var latencies = await Task.WhenAll(sockets.Select((socket, i) =>
                Task.Run(() => new Worker(socket, cell, value, new Random(Seed + i)).RunAsync(left, limit.Token), limit.Token)));
            var elapsed = Stopwatch.GetElapsedTime(started);
            long[] all = [.. latencies.SelectMany(list => list)];
            return Sample.Of(all, all.Length / elapsed.TotalSeconds);
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

    /// <summary>Requests that no connection has taken yet.</summary>
    private sealed class Countdown(int requests)
    {
        private int left = requests;

        public int Take(int most) => Math.Min(most, Math.Max(0, Interlocked.Add(ref left, -most) + most));
    }

    private sealed class Worker
    {
        private readonly RespSocket socket;
        private readonly LoadCell cell;
        private readonly Random random;
        private readonly int keys;
        private readonly byte[][] heads;
        private readonly List<ArraySegment<byte>>[] batches;
        private readonly int keyEnd;

        public Worker(RespSocket socket, LoadCell cell, byte[] value, Random random)
        {
            (this.socket, this.cell, this.random) = (socket, cell, random);
            keys = KeySpace.KeysFor(cell.ValueBytes);
            var set = cell.Operation == LoadOperation.Set;
            var tail = set ? string.Create(CultureInfo.InvariantCulture, $"\r\n${cell.ValueBytes}\r\n") : "\r\n";
            var text = $"*{(set ? 3 : 2)}\r\n$3\r\n{cell.Verb}\r\n$16\r\n{KeySpace.Key(0)}";
            keyEnd = text.Length;
            heads = [.. Enumerable.Range(0, cell.Pipeline).Select(_ => Encoding.ASCII.GetBytes(text + tail))];
            // One list for each batch size that may occur: full, and each shorter last one.
            batches = [.. Enumerable.Range(0, cell.Pipeline + 1).Select(count => heads.Take(count)
                .SelectMany(head => set ? (ArraySegment<byte>[])[head, value] : [head]).ToList())];
        }

        public async Task<List<long>> RunAsync(Countdown left, CancellationToken cancel)
        {
            var latencies = new List<long>();
            while (left.Take(cell.Pipeline) is > 0 and var count)
            {
                for (var i = 0; i < count; i++)
                    KeySpace.WriteDigits(heads[i].AsSpan(0, keyEnd), random.Next(keys));
                var started = Stopwatch.GetTimestamp();
                await socket.SendAsync(batches[count]).WaitAsync(cancel);
                for (var i = 0; i < count; i++)
                {
                    Check(await socket.ReadAsync(cancel));
                    latencies.Add(Stopwatch.GetTimestamp() - started);
                }
            }
            return latencies;
        }

        private void Check(WireReply reply)
        {
            var right = cell.Operation == LoadOperation.Set ? reply.Text == "OK" : reply.Kind == (byte)'$' && reply.Length == cell.ValueBytes;
            if (!right)
                throw new BenchmarkException($"{cell.Verb} of {cell.ValueBytes} bytes answered {reply}");
        }
    }
}
