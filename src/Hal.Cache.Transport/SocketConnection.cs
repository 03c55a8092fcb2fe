using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hal.Cache.Contracts.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Hal.Cache.Transport;

/// <summary>One socket on an event loop: an accepted one as Kestrel's connection, or one that was connected here.</summary>
internal sealed class SocketConnection : ConnectionContext, ILoopConnection, IPeerLifetime
{
    private readonly Socket socket;
    private readonly SafeSocketHandle handle;
    private readonly SocketReader reader;
    private readonly SocketWriter writer;
    private readonly CancellationTokenSource closed = new();
    private readonly CancellationTokenSource peerClosed = new();
    private IDictionary<object, object?>? items;
    private string? id;
    private int isClosing;
    private int isPeerClosed;
    private int isDisposed;
    private volatile int sendError;

    public SocketConnection(Socket socket, EventLoop loop, BlockPool pool)
    {
        (this.socket, Loop) = (socket, loop);
        handle = socket.SafeHandle;
        reader = new(this, pool);
        writer = new(this, pool);
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = closed.Token;
        Features.Set<IPeerLifetime>(this);
        Features.Set<IConnectionLoop>(loop);
        Transport = this;
    }

    public EventLoop Loop { get; }

    public PipeReader Input => reader;

    public CancellationToken PeerClosed => peerClosed.Token;

    public string? Failure => sendError == 0 ? null : Marshal.GetPInvokeErrorMessage(sendError);

    public PipeWriter Output => writer;

    public override string ConnectionId
    {
        get => id ??= Guid.NewGuid().ToString("N");
        set => id = value;
    }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items
    {
        get => items ??= new Dictionary<object, object?>();
        set => items = value;
    }

    public override IDuplexPipe Transport { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    /// <summary>Number in the loop's table, set when the loop takes the connection.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>The file descriptor, for the loop that begins to watch it.</summary>
    public SafeSocketHandle Handle => handle;

    public override void Abort(ConnectionAbortedException abortReason)
    {
        Close();
        reader.Abort(abortReason);
        writer.Abort();
    }

    public void Break()
    {
        Close();
        reader.Abort(new IOException("The connection was ended here."));
        writer.Abort();
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) != 0)
        {
            await base.DisposeAsync();
            return;
        }

        reader.Complete();
        writer.Complete();
        Loop.Remove(this);
        Close();
        socket.Dispose();
        await closed.CancelAsync();
        closed.Dispose();
        peerClosed.Dispose();
        await base.DisposeAsync();
    }

    /// <summary>On the loop's thread.</summary>
    public void Signalled(uint events)
    {
        bool isDone = (events & (Epoll.PeerClosed | Epoll.HangUp | Epoll.Error)) != 0;
        if ((events & Epoll.Out) != 0 || isDone)
            writer.Ready();
        if ((events & Epoll.In) != 0 || isDone)
            reader.Ready(isDone);

        if (isDone && Interlocked.Exchange(ref isPeerClosed, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static source => Cancel(source), peerClosed, preferLocal: false);

        // Nobody reads: a command runs on, or waits. It should not go on for a client that has left.
        if (isDone && !reader.IsAwaited && !writer.IsAwaited && (events & (Epoll.HangUp | Epoll.Error)) != 0)
            Broken();
    }

    public void ReadAgain() => reader.Again();

    /// <summary>Bytes received, 0 at the end, negative with the error.</summary>
    public int Receive(Span<byte> buffer, out int error)
    {
        if (!TryUse(out error))
            return -1;
        int count = Epoll.Receive((int)handle.DangerousGetHandle(), buffer);
        return Done(count, out error);
    }

    /// <summary>Bytes sent, negative with the error.</summary>
    public int Send(ReadOnlySpan<byte> bytes, out int error)
    {
        if (!TryUse(out error))
            return -1;
        int count = Epoll.Send((int)handle.DangerousGetHandle(), bytes);
        return Done(count, out error);
    }

    /// <summary>Bytes sent, negative with the error.</summary>
    public int Send(ReadOnlySpan<Epoll.IoVector> vectors, out int error)
    {
        if (!TryUse(out error))
            return -1;
        int count = Epoll.Send((int)handle.DangerousGetHandle(), vectors);
        return Done(count, out error);
    }

    /// <summary>The peer takes nothing more: whoever works for it is told.</summary>
    public void SendFailed(int error)
    {
        sendError = error;
        Broken();
    }

    /// <summary>The peer is gone: whoever works for it is told, on the thread pool.</summary>
    public void Broken()
    {
        if (Interlocked.Exchange(ref isClosing, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static source => Cancel(source), closed, preferLocal: false);
    }

    // The number of a closed file may be another connection's by now: the handle holds it while it is used.
    private bool TryUse(out int error)
    {
        error = NotConnected;
        if (handle.IsClosed)
            return false;
        try
        {
            bool isHeld = false;
            handle.DangerousAddRef(ref isHeld);
            return isHeld;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private int Done(int count, out int error)
    {
        error = count < 0 ? Marshal.GetLastPInvokeError() : 0;
        handle.DangerousRelease();
        if (count > 0)
            Loop.Moved(count);
        return count;
    }

    private const int NotConnected = 107;

    private void Close()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }
    }

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The connection ended by itself meanwhile.
        }
    }
}
