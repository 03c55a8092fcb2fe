using System.Net;
using System.Net.Sockets;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>
/// The least that a process between a client and a source can do: it passes a request on, receives the reply into the memory in which it keeps it, and sends
/// it from there. It knows no versions, checks nothing and finds nothing again: what is slower than this on a machine is not the cache's doing.
/// </summary>
internal sealed class Relay(IPEndPoint source, TcpListener listener)
{
    private const int PieceBytes = 256 << 10;
    private const int RequestBytesMax = 4 << 10;

    /// <summary>Bytes of replies that are kept; the oldest give way. The largest object of a miss and its frame fit.</summary>
    private const int KeptBytes = 128 << 20;

    private readonly byte[] kept = GC.AllocateUninitializedArray<byte>(KeptBytes, pinned: true);
    private int end;

    /// <summary>Serves one client after the other until the process ends; a request must come whole and is answered before the next.</summary>
    public void Run()
    {
        Array.Fill(kept, (byte)1); // or its pages would be the first replies' cost
        using var upstream = new Socket(source.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        upstream.Connect(source);
        while (true)
        {
            using var client = listener.AcceptSocket();
            client.NoDelay = true;
            Serve(client, upstream);
        }
    }

    private void Serve(Socket client, Socket upstream)
    {
        Span<byte> request = stackalloc byte[RequestBytesMax];
        while (client.Receive(request) is > 0 and var length)
        {
            Send(upstream, request[..length]);
            Pass(upstream, client);
        }
    }

    private void Pass(Socket upstream, Socket client)
    {
        var start = end = end + PieceBytes > KeptBytes / 2 ? 0 : end;
        long whole = -1;
        for (long done = 0; whole < 0 || done < whole;)
        {
            if (end == KeptBytes)
                throw new BenchmarkException($"a reply has more than {KeptBytes} bytes");
            var count = upstream.Receive(kept.AsSpan(end, Math.Min(PieceBytes, KeptBytes - end)));
            if (count == 0)
                throw new BenchmarkException("the source closed its connection");
            Send(client, kept.AsSpan(end, count));
            end += count;
            done += count;
            if (whole < 0 && Wire.Resp.TryHead(kept.AsSpan(start, (int)done), out var head, out var body, out var tail))
                whole = head + body + tail;
        }
    }

    private static void Send(Socket to, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[to.Send(bytes)..];
    }
}
