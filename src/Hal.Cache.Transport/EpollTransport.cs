using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Hal.Cache.Transport;

/// <summary>Kestrel's transport for the endpoints that are <see cref="LoopEndPoint"/>s; all others are left to the next one.</summary>
public sealed class EpollTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    /// <summary>One loop for every processor, at most so many.</summary>
    public const int LoopsMax = 8;

    private readonly Lock gate = new();
    private readonly BlockPool pool = new();
    private EventLoop[]? loops;

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

    public void Dispose()
    {
        foreach (EventLoop loop in loops ?? [])
            loop.Dispose();
    }

    private EventLoop[] Loops()
    {
        lock (gate)
        {
            return loops ??= [.. Enumerable.Range(0, Math.Clamp(Environment.ProcessorCount, 1, LoopsMax))
                .Select(number => new EventLoop($"hal-loop-{number}"))];
        }
    }
}
