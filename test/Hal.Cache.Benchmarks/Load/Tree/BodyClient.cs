using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>One connection that reads bodies one after the other with blocking calls, and drops them from a fixed buffer.</summary>
internal sealed class BodyClient : IDisposable
{
    private const int BufferBytes = 256 << 10;

    /// <summary>Longest silence of a server.</summary>
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(60);

    private readonly Socket socket;
    private readonly Wire wire;
    private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);

    public BodyClient(IPEndPoint endpoint, Wire wire)
    {
        this.wire = wire;
        socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = (int)SilenceMax.TotalMilliseconds,
            SendTimeout = (int)SilenceMax.TotalMilliseconds,
        };
        try
        {
            socket.Connect(endpoint);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What sees the pieces of a body, with the offset of each.</summary>
    public delegate void Piece(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Reads one object or range to its end, or to where the server cuts it; <see cref="BenchmarkException"/> where there is no body at all.</summary>
    public BodyTimes Read(string name, (long From, long Length)? range = null, Piece? piece = null)
    {
        var request = wire.Request(name, range);
        var started = Stopwatch.GetTimestamp();
        Send(request);
        int received = 0, head, tail;
        long wanted;
        while (!wire.TryHead(buffer.AsSpan(0, received), out head, out wanted, out tail))
        {
            if (Receive(received) is not (> 0 and var more))
                throw new BenchmarkException($"the server closed the connection before it answered a read of {name}");
            received += more;
        }

        TimeSpan? first = received > head ? Stopwatch.GetElapsedTime(started) : null;
        var whole = wanted + tail;
        var body = Take(0, buffer.AsSpan(head, received - head), wanted, piece);
        long all = received - head;
        while (all < whole && Receive(0) is > 0 and var more)
        {
            first ??= Stopwatch.GetElapsedTime(started);
            body += Take(body, buffer.AsSpan(0, more), wanted, piece);
            all += more;
        }

        var total = Stopwatch.GetElapsedTime(started);
        return new BodyTimes(first ?? total, total, body, wanted);
    }

    public void Dispose() => socket.Dispose();

    private static int Take(long offset, ReadOnlySpan<byte> bytes, long wanted, Piece? piece)
    {
        var count = (int)Math.Min(bytes.Length, wanted - offset);
        if (count > 0)
            piece?.Invoke(offset, bytes[..count]);
        return count;
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[socket.Send(bytes)..];
    }

    // 0 at an orderly end and at a reset alike.
    private int Receive(int at)
    {
        try
        {
            return socket.Receive(buffer.AsSpan(at));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }
}
