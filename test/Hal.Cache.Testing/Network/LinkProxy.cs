using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Hal.Cache.Testing.Network;

/// <summary>
/// A TCP link that a test can break: a loopback port before another one, which passes bytes until it is told to hold them, to reset
/// connections, to flip bits of what comes back, or to let it come at a rate.
/// </summary>
public sealed class LinkProxy : IDisposable
{
    private const int BufferBytes = 64 << 10;

    /// <summary>Pieces that are on the line at a time.</summary>
    private const int LinePiecesMax = 16;

    private readonly Lock _gate = new();
    private readonly int _target;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _disposed = new();
    private readonly HashSet<Pair> _pairs = [];
    private readonly Task _accepting;
    private TaskCompletionSource? _held;
    private bool _isReset;
    private volatile LinkRate? _rate;
    private int _flips;
    private int _flipBytesMin;
    private long _passed;

    public LinkProxy(int target)
    {
        _target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = Task.Run(AcceptAsync);
    }

    /// <summary>Where the callers of the link connect.</summary>
    public int Port { get; }

    /// <summary>Bytes that came through, both ways.</summary>
    public long Passed => Interlocked.Read(ref _passed);

    /// <summary>Flips that <see cref="Flip"/> still owes.</summary>
    public int FlipsLeft => Math.Max(0, Volatile.Read(ref _flips));

    /// <summary>Nothing passes from now on, and nobody is told: connections stay, and new ones are taken, but their bytes wait.</summary>
    public void Hold()
    {
        lock (_gate) _held ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>From now on so many bytes a second come back from the target, over all connections; 0 for as many as there are.</summary>
    public void Limit(long bytesPerSecond) => Limit(bytesPerSecond > 0 ? new LinkRate(bytesPerSecond) : null);

    /// <summary>The same with a rate that other links may share; null for none.</summary>
    public void Limit(LinkRate? rate) => _rate = rate;

    /// <summary>Connections are reset, and so are new ones.</summary>
    public void Reset()
    {
        Pair[] open;
        lock (_gate)
        {
            _isReset = true;
            open = [.. _pairs];
        }

        foreach (var pair in open) pair.Reset();
    }

    /// <summary>The link is whole again; what was held goes on.</summary>
    public void Heal()
    {
        TaskCompletionSource? held;
        lock (_gate) (held, _held, _isReset) = (_held, null, false);
        held?.TrySetResult();
    }

    /// <summary>Flips a bit in the middle of each of the next pieces of at least so many bytes that come back from the target.</summary>
    public void Flip(int pieces, int bytesMin = 4096)
    {
        Volatile.Write(ref _flipBytesMin, bytesMin);
        Volatile.Write(ref _flips, pieces);
    }

    public void Dispose()
    {
        _disposed.Cancel();
        _listener.Stop();
        Heal();
        Pair[] open;
        lock (_gate) open = [.. _pairs];
        foreach (var pair in open) pair.Reset();
        try
        {
            _accepting.Wait(TimeSpan.FromSeconds(5));
        }
        catch (AggregateException)
        {
            // The listener was stopped in mid-accept.
        }

        _disposed.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_disposed.IsCancellationRequested)
        {
            var caller = await _listener.AcceptSocketAsync(_disposed.Token).ConfigureAwait(false);
            caller.NoDelay = true;
            _ = ServeAsync(caller);
        }
    }

    private async Task ServeAsync(Socket caller)
    {
        using var pair = new Pair(caller);
        lock (_gate) _pairs.Add(pair);
        try
        {
            if (_isReset)
            {
                pair.Reset();
                return;
            }

            await pair.Target.ConnectAsync(IPAddress.Loopback, _target, _disposed.Token).ConfigureAwait(false);
            await Task.WhenAny(PumpAsync(caller, pair.Target, isBack: false), PumpAsync(pair.Target, caller, isBack: true)).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The target is not there: to the caller that is a connection that breaks.
        }
        finally
        {
            lock (_gate) _pairs.Remove(pair);
        }
    }

    // What is on the line does not keep the next piece from being taken: a link is not one piece long.
    private async Task PumpAsync(Socket from, Socket to, bool isBack)
    {
        var line = Channel.CreateBounded<Piece>(LinePiecesMax);
        await Task.WhenAll(TakeAsync(from, line.Writer, isBack), SendAsync(to, line, isBack)).ConfigureAwait(false);
    }

    private async Task TakeAsync(Socket from, ChannelWriter<Piece> line, bool isBack)
    {
        try
        {
            while (true)
            {
                var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
                var count = await from.ReceiveAsync(buffer.AsMemory(0, BufferBytes), _disposed.Token).ConfigureAwait(false);
                if (Held() is { } held) await held.ConfigureAwait(false); // an end that came meanwhile is not told either
                if (count == 0) return;
                var rate = isBack ? _rate : null;
                await line.WriteAsync(new(buffer, count, rate, rate?.Put(count) ?? default), _disposed.Token).ConfigureAwait(false);
            }
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException or ChannelClosedException)
        {
            // Either end has gone; the other one is closed with the pair, once the link lets anything through.
            if (Held() is { } held) await held.ConfigureAwait(false);
        }
        finally
        {
            line.TryComplete();
        }
    }

    private async Task SendAsync(Socket to, Channel<Piece> line, bool isBack)
    {
        try
        {
            await foreach (var (buffer, count, rate, over) in line.Reader.ReadAllAsync(_disposed.Token).ConfigureAwait(false))
            {
                if (rate != null) await rate.OverAsync(over, _disposed.Token).ConfigureAwait(false);
                if (Held() is { } held) await held.ConfigureAwait(false);
                if (isBack && count >= Volatile.Read(ref _flipBytesMin) && Interlocked.Decrement(ref _flips) >= 0) buffer[count / 2] ^= 0x10;
                for (var sent = 0; sent < count;) sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _disposed.Token).ConfigureAwait(false);
                Interlocked.Add(ref _passed, count);
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            if (Held() is { } held) await held.ConfigureAwait(false);
        }
        finally
        {
            line.Writer.TryComplete(); // who brings bytes would wait for ever for room on it
        }
    }

    private Task? Held()
    {
        lock (_gate) return _held?.Task;
    }

    private readonly record struct Piece(byte[] Buffer, int Count, LinkRate? Rate, TimeSpan Over);

    private sealed class Pair(Socket caller) : IDisposable
    {
        public Socket Target { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        public void Reset()
        {
            foreach (var socket in new[] { caller, Target })
            {
                try
                {
                    socket.LingerState = new LingerOption(true, 0);
                }
                catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
                {
                    // It is closed already.
                }

                socket.Dispose();
            }
        }

        public void Dispose()
        {
            caller.Dispose();
            Target.Dispose();
        }
    }
}
