using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Hal.Cache.Transport;

/// <summary>Accepts connections and deals them out to the event loops.</summary>
internal sealed class EpollListener(Socket listening, EventLoop[] loops, BlockPool pool) : IConnectionListener
{
    /// <summary>Descriptors or memory that are used up are not there again a microsecond later; those who wait stay in the kernel's queue.</summary>
    private static readonly TimeSpan ExhaustedPause = TimeSpan.FromMilliseconds(50);

    private int accepted;

    public EndPoint EndPoint { get; } = listening.LocalEndPoint!;

    /// <summary>Null when the listener was closed.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Socket? socket = null;
            try
            {
                socket = await listening.AcceptAsync(cancellationToken);
                socket.NoDelay = true;
                EventLoop loop = loops[(uint)accepted++ % loops.Length];
                var connection = new SocketConnection(socket, loop, pool);
                loop.Add(connection);
                return connection;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.OperationAborted)
            {
                return null;
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                socket?.Dispose(); // it was gone before it was taken
                if (e is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable })
                    await Task.Delay(ExhaustedPause, cancellationToken);
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        listening.Dispose();
        return default;
    }

    public ValueTask DisposeAsync()
    {
        listening.Dispose();
        return default;
    }
}
