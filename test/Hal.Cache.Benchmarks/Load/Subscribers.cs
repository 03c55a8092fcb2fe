using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>Subscribers of one channel that count what arrives, so that a message counts only when it was delivered to all.</summary>
internal sealed class Subscribers : IDisposable
{
    public const int Count = 10;
    public const string Channel = "channel";
    public const string Message = "xxxxxxxxxxxxxxxx";

    private static readonly long MessageBytes =
        Encoding.ASCII.GetByteCount($"*3\r\n$7\r\nmessage\r\n${Channel.Length}\r\n{Channel}\r\n${Message.Length}\r\n{Message}\r\n");

    private readonly List<Socket> sockets = [];
    private readonly byte[] buffer = new byte[256 << 10];

    public static async Task<Subscribers> StartAsync(IPEndPoint endpoint, CancellationToken cancel)
    {
        var subscribers = new Subscribers();
        try
        {
            for (var i = 0; i < Count; i++)
            {
                var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                subscribers.sockets.Add(socket);
                await socket.ConnectAsync(endpoint, cancel);
                await socket.SendAsync(RespSocket.Encode(["SUBSCRIBE", Channel]), cancel);
                await ReceiveAsync(socket, subscribers.buffer, Confirmation.Length, cancel);
            }
            return subscribers;
        }
        catch
        {
            subscribers.Dispose();
            throw;
        }
    }

    /// <summary>Receives so many messages at every subscriber, side by side.</summary>
    public Task ReceiveAsync(long messages, CancellationToken cancel) =>
        Task.WhenAll(sockets.Select(socket => Task.Run(() => ReceiveAsync(socket, new byte[64 << 10], messages * MessageBytes, cancel), cancel)));

    public void Dispose()
    {
        foreach (var socket in sockets)
            socket.Dispose();
    }

    private static string Confirmation => $"*3\r\n$9\r\nsubscribe\r\n${Channel.Length}\r\n{Channel}\r\n:1\r\n";

    private static async Task ReceiveAsync(Socket socket, byte[] into, long bytes, CancellationToken cancel)
    {
        while (bytes > 0)
        {
            var count = await socket.ReceiveAsync(into.AsMemory(0, (int)Math.Min(into.Length, bytes)), cancel);
            if (count == 0)
                throw new BenchmarkException("the server closed a subscriber's connection");
            bytes -= count;
        }
    }
}
