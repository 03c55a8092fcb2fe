using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>A bare client connection: requests go out as bytes, bulk replies are counted and passed over, none is kept.</summary>
internal sealed class RespSocket : IDisposable
{
    /// <summary>Receive buffer, in bytes; a large value passes through it in pieces.</summary>
    internal const int BufferBytes = 256 << 10;

    private readonly Socket socket;
    private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);
    private int start;
    private int end;

    private RespSocket(Socket socket) => this.socket = socket;

    public static async Task<RespSocket> ConnectAsync(IPEndPoint endpoint, CancellationToken cancel)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endpoint, cancel);
            return new RespSocket(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static byte[] Encode(IReadOnlyList<string> command)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{command.Count}\r\n");
        foreach (var word in command)
            text.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (bytes.Length > 0)
            bytes = bytes[await socket.SendAsync(bytes, cancel)..];
    }

    /// <summary>Sends all segments in as few system calls as the socket takes.</summary>
    public Task<int> SendAsync(IList<ArraySegment<byte>> segments) => socket.SendAsync(segments);

    public async Task<WireReply> SendAndReadAsync(IReadOnlyList<string> command, CancellationToken cancel)
    {
        await SendAsync(Encode(command), cancel);
        return await ReadAsync(cancel);
    }

    /// <summary>Sends a command; <see cref="BenchmarkException"/> where the answer is an error.</summary>
    public async Task<WireReply> CallAsync(IReadOnlyList<string> command, CancellationToken cancel)
    {
        var reply = await SendAndReadAsync(command, cancel);
        return reply.Kind == (byte)'-' ? throw new BenchmarkException($"{command[0]} answered {reply.Text}") : reply;
    }

    /// <summary>Reads one reply that is not an array, with a bulk's bytes.</summary>
    public async ValueTask<WireReply> ReadAsync(CancellationToken cancel)
    {
        int length;
        while ((length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n')) < 0)
            await FillAsync(cancel);
        var reply = Parse(buffer.AsSpan(start, length + 1));
        start += length + 1;
        if (reply.Kind == (byte)'$' && reply.Length >= 0)
            await PassAsync(reply.Length + 2, cancel);
        return reply;
    }

    public void Dispose() => socket.Dispose();

    private static WireReply Parse(ReadOnlySpan<byte> line)
    {
        if (line.Length < 3)
            throw new BenchmarkException("the server sent an empty reply line");
        var kind = line[0];
        var body = line[1..^2];
        if (kind is (byte)'$' or (byte)':')
        {
            return Utf8Parser.TryParse(body, out long number, out var used) && used == body.Length
                ? new WireReply(kind, number, null)
                : throw new BenchmarkException($"the server sent a malformed length '{Encoding.UTF8.GetString(body)}'");
        }
        // The one answer that a benchmark sees millions of times.
        return new WireReply(kind, 0, body.SequenceEqual("OK"u8) ? "OK" : Encoding.UTF8.GetString(body));
    }

    private async ValueTask PassAsync(long bytes, CancellationToken cancel)
    {
        while (true)
        {
            var held = (int)Math.Min(bytes, end - start);
            start += held;
            bytes -= held;
            if (bytes == 0)
                return;
            await FillAsync(cancel);
        }
    }

    private async ValueTask FillAsync(CancellationToken cancel)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }
        if (end == buffer.Length)
            throw new BenchmarkException("the server sent a line longer than the receive buffer");
        var read = await socket.ReceiveAsync(buffer.AsMemory(end), cancel);
        if (read == 0)
            throw new BenchmarkException("the server closed the connection");
        end += read;
    }
}
