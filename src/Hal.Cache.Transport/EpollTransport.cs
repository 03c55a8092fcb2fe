using System.Net;
using System.Net.Sockets;
using Hal.Cache.Contracts.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Hal.Cache.Transport;

/// <summary>
/// Kestrel's transport for the endpoints that are <see cref="LoopEndPoint"/>s; all others are left to the next one. Connections that this
/// process makes run on the same loops.
/// </summary>
public sealed class EpollTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector, ISocketLoops, IDisposable
{
    /// <summary>One loop for every processor, at most so many; as many threads at most.</summary>
    public const int LoopsMax = 8;

    private readonly Lock gate = new();
    private readonly BlockPool pool = new();
    private LoopCrew? crew;
    private int taken;

    /// <summary>Linux on x86-64.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() && EpollEvent.IsPacked;

    public bool CanBind(EndPoint endpoint) => endpoint is LoopEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket listening;
        try
        {
            listening = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(e.Message, e);
        }

        listening.Listen(backlog: 512);
        return new(new EpollListener(listening, Loops(), pool));
    }

    public ILoopConnection Take(Socket socket)
    {
        EventLoop[] all = Loops();
        EventLoop loop = all[(uint)Interlocked.Increment(ref taken) % all.Length];
        var connection = new SocketConnection(socket, loop, pool);
        loop.Add(connection);
        return connection;
    }

    public void Dispose() => crew?.Dispose();

    private EventLoop[] Loops()
    {
        lock (gate)
            return (crew ??= new(Math.Clamp(Environment.ProcessorCount, 1, LoopsMax))).Loops;
    }
}
