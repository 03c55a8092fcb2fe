using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Peers;

/// <summary>The connections of one kind to one peer: each is one caller's at a time, a few idle ones are kept.</summary>
internal sealed class ConnectionPool(
    string peer, PeerChannelKind kind, IPeerDirectory directory, PeerOptions options, ISocketLoops? loops, PeerMemories memories, TimeProvider time)
    : IDisposable
{
    private readonly Lock gate = new();
    private readonly Stack<PeerSocket> idle = [];
    private readonly HashSet<PeerSocket> rented = [];
    private readonly SemaphoreSlim free = new(options.ConnectionsMax);
    private CacheError? failure;
    private long failedAt;
    private bool isDisposed;

    public async ValueTask<Result<PeerSocket>> RentAsync(CancellationToken cancellation)
    {
        if (!directory.TryFind(peer, out PeerAddress? address))
            return new CacheError(CacheErrorCode.Unavailable, $"no address of instance '{peer}' is known");
        await free.WaitAsync(cancellation).ConfigureAwait(false);
        if (TryTakeIdle(address) is { } kept)
            return kept;
        if (Failed() is { } lately)
        {
            free.Release();
            return lately;
        }

        Result<PeerSocket> made = default;
        try
        {
            made = await PeerSocket.ConnectAsync(address, kind, options, loops, memories, time, cancellation).ConfigureAwait(false);
        }
        catch
        {
            free.Release();
            throw;
        }

        lock (gate)
        {
            (failure, failedAt) = (made.Error, time.GetTimestamp());
            if (made.IsOk)
                rented.Add(made.Value);
        }

        if (!made.IsOk)
            free.Release();
        return made;
    }

    /// <summary>Takes a connection back, to be used again where nothing of its last use is outstanding.</summary>
    public void Return(PeerSocket socket, bool isReusable)
    {
        lock (gate)
        {
            rented.Remove(socket);
            if (isReusable && !isDisposed && idle.Count < options.ConnectionsKept)
            {
                idle.Push(socket);
                socket = null!;
            }
        }

        socket?.Dispose();
        free.Release();
    }

    /// <summary>Breaks the connections that there are; what waits on one fails.</summary>
    public void Cut()
    {
        PeerSocket[] unused, used;
        lock (gate)
        {
            (unused, used) = ([.. idle], [.. rented]);
            idle.Clear();
        }

        foreach (PeerSocket socket in unused)
            socket.Dispose();
        foreach (PeerSocket socket in used)
            socket.Break(); // it is disposed of when it is returned
    }

    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            foreach (PeerSocket socket in idle)
                socket.Dispose();
            idle.Clear();
        }
    }

    private PeerSocket? TryTakeIdle(PeerAddress address)
    {
        while (true)
        {
            PeerSocket? socket;
            lock (gate)
            {
                if (!idle.TryPop(out socket))
                    return null;
                rented.Add(socket);
            }

            if (socket.Address == address && socket.IsFresh)
                return socket;
            lock (gate)
                rented.Remove(socket);
            socket.Dispose();
        }
    }

    private CacheError? Failed()
    {
        lock (gate)
            return failure != null && time.GetElapsedTime(failedAt) < options.ReconnectDelay ? failure : null;
    }
}
