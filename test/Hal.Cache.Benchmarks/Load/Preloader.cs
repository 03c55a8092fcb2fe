using System.Globalization;
using System.Net;
using System.Text;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>Sets every key of a key space once, so that no measured GET is a miss; and samples what a server still holds.</summary>
internal static class Preloader
{
    private const int Connections = 16;
    private const int BatchKeysMax = 64;
    private const int BatchBytesMax = 1 << 20;
    private const int SampleKeys = 500;
    private const int SampleSeed = 4711;
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan SampleTimeMax = TimeSpan.FromSeconds(30);

    /// <summary>Loads keys 0 to <paramref name="keys"/> - 1; <see cref="BenchmarkException"/> on an error or after three minutes.</summary>
    public static async Task LoadAsync(IPEndPoint endpoint, int keys, int valueBytes, CancellationToken cancel)
    {
        var values = new ValueBytes(valueBytes);
        var share = (keys + Connections - 1) / Connections;
        await LimitedAsync($"loading {keys:N0} keys", TimeMax, async limited =>
        {
            await Task.WhenAll(Enumerable.Range(0, Connections).Select(part =>
                Task.Run(() => LoadRangeAsync(endpoint, part * share, Math.Min(keys, (part + 1) * share), values, limited), limited)));
            return keys;
        }, cancel);
    }

    /// <summary>How many of 500 keys, seeded, the server lacks or holds with another length; <see cref="BenchmarkException"/> when it hangs.</summary>
    public static Task<int> MissingAsync(IPEndPoint endpoint, int keys, int valueBytes, CancellationToken cancel) =>
        LimitedAsync("sampling", SampleTimeMax, limited => CountMissingAsync(endpoint, keys, valueBytes, limited), cancel);

    private static async Task<int> CountMissingAsync(IPEndPoint endpoint, int keys, int valueBytes, CancellationToken cancel)
    {
        var random = new Random(SampleSeed);
        using var socket = await RespSocket.ConnectAsync(endpoint, cancel);
        var missing = 0;
        for (var i = 0; i < SampleKeys; i++)
        {
            var reply = await socket.SendAndReadAsync(["GET", KeySpace.Key(random.Next(keys))], cancel);
            if (reply.Kind != (byte)'$' || reply.Length != valueBytes)
                missing++;
        }
        return missing;
    }

    private static async Task<T> LimitedAsync<T>(string what, TimeSpan timeMax, Func<CancellationToken, Task<T>> work, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(timeMax);
        try
        {
            return await work(limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new BenchmarkException($"{what} took over {timeMax.TotalSeconds:0} s");
        }
    }

    private static async Task LoadRangeAsync(IPEndPoint endpoint, int from, int until, ValueBytes values, CancellationToken cancel)
    {
        if (from >= until)
            return;
        using var socket = await RespSocket.ConnectAsync(endpoint, cancel);
        var batch = Math.Clamp(BatchBytesMax / values.For(0).Count, 1, BatchKeysMax);
        for (var next = from; next < until; next += batch)
        {
            var count = Math.Min(batch, until - next);
            var request = new ArrayBufferStream(count * (values.For(0).Count + 64));
            for (var key = next; key < next + count; key++)
                Write(request, key, values.For(key));
            await socket.SendAsync(request.Written, cancel);
            for (var i = 0; i < count; i++)
            {
                var reply = await socket.ReadAsync(cancel);
                if (reply.Text != "OK")
                    throw new BenchmarkException($"SET answered {reply}");
            }
        }
    }

    private static void Write(ArrayBufferStream request, int key, ArraySegment<byte> value)
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"*3\r\n$3\r\nSET\r\n$16\r\n{KeySpace.Key(key)}\r\n${value.Count}\r\n");
        request.Append(Encoding.ASCII.GetBytes(head));
        request.Append(value);
        request.Append("\r\n"u8);
    }

    private sealed class ArrayBufferStream(int capacity)
    {
        private readonly byte[] bytes = new byte[capacity];
        private int length;

        public ReadOnlyMemory<byte> Written => bytes.AsMemory(0, length);

        public void Append(ReadOnlySpan<byte> part)
        {
            part.CopyTo(bytes.AsSpan(length));
            length += part.Length;
        }
    }
}
