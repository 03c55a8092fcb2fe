using System.Net;
using System.Net.Sockets;

namespace Hal.Cache.Persistence.Tests.Postgres;

/// <summary>Stands between a client and a server on loopback; on demand it swallows the server's next answer and breaks that connection.</summary>
internal sealed class AnswerCutter : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly int serverPort;
    private readonly Task accepting;
    private int cuts;

    public AnswerCutter(int serverPort)
    {
        this.serverPort = serverPort;
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Answers still to be cut; each is one read from the server.</summary>
    public int Cuts
    {
        get => Volatile.Read(ref cuts);
        set => Volatile.Write(ref cuts, value);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var relays = new List<Task>();
        try
        {
            while (true) relays.Add(RelayAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(relays);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var taken = client;
        using var server = new TcpClient();
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, serverPort, stop.Token);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
            var up = CopyAsync(client.GetStream(), server.GetStream(), cut: false, ended.Token);
            var down = CopyAsync(server.GetStream(), client.GetStream(), cut: true, ended.Token);
            await Task.WhenAny(up, down);
            await ended.CancelAsync();
            await Task.WhenAll(up, down);
        }
        catch (Exception over) when (over is IOException or SocketException or OperationCanceledException)
        {
            // One end has gone; the other goes with it.
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool cut, CancellationToken cancellation)
    {
        var buffer = new byte[64 << 10];
        int read;
        while ((read = await from.ReadAsync(buffer, cancellation)) > 0)
        {
            if (cut && Cuts > 0)
            {
                Interlocked.Decrement(ref cuts);
                return;
            }
            await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
    }
}
