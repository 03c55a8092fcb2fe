using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipelines;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Peers;

namespace Hal.Cache.Peers;

/// <summary>The calling end of the peer protocol: pooled connections over TCP, on event loops where there are any.</summary>
public sealed class PeerClient(IPeerDirectory directory, PeerOptions options, TimeProvider time, ISocketLoops? loops = null) : IPeerClient
{
    private readonly ConcurrentDictionary<(string Peer, PeerChannelKind Kind), ConnectionPool> pools = [];
    private readonly ConcurrentDictionary<FrameChannel, string> waits = [];
    private readonly CancellationTokenSource disposed = new();
    private readonly PeerMemories memories = new(options.MappedBytesMax, time);
    private readonly ConcurrentDictionary<string, long> missed = []; // when bytes had left a peer's memory before they were copied
    private long memoryBytes;
    private long memoryMisses;

    public long MemoryBytes => Interlocked.Read(ref memoryBytes);

    public long MemoryMisses => Interlocked.Read(ref memoryMisses);

    public async ValueTask<Result<IFrameChannel>> ConnectAsync(string peer, PeerChannelKind kind, IFrameSink sink, CancellationToken cancellation)
    {
        if (!directory.TryFind(peer, out PeerAddress? address))
            return new CacheError(CacheErrorCode.Unavailable, $"no address of instance '{peer}' is known");
        Result<PeerSocket> made = await PeerSocket.ConnectAsync(address, kind, options, loops, memories, time, cancellation).ConfigureAwait(false);
        if (!made.IsOk)
            return made.Error;
        PeerSocket socket = made.Value;
        var channel = new FrameChannel(peer, socket.Pipe, options.QueueBytesMax, socket.Break);
        _ = RunAsync(channel, kind, socket, sink);
        return channel;
    }

    public async ValueTask<CacheError?> ReadAsync(
        string peer, RangeRequest request, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation)
    {
        bool locates = !missed.TryGetValue(peer, out long at) || time.GetElapsedTime(at) > options.MemoryPause;
        (CacheError? error, int done, bool isGone) = await ReadAsync(peer, request, locates, buffer, filled, cancellation).ConfigureAwait(false);
        if (!isGone)
            return error;
        Interlocked.Increment(ref memoryMisses);
        missed[peer] = time.GetTimestamp();
        RangeRequest rest = request with { Offset = request.Offset + done, Length = request.Length - done };
        return (await ReadAsync(peer, rest, locates: false, buffer.From(done), more => filled(done + more), cancellation).ConfigureAwait(false)).Error;
    }

    public async ValueTask<Result<ICommandLink>> RentAsync(string peer, CancellationToken cancellation)
    {
        ConnectionPool pool = Pool(peer, PeerChannelKind.Commands);
        Result<PeerSocket> rented = await pool.RentAsync(cancellation).ConfigureAwait(false);
        return rented.IsOk ? new CommandLink(pool, rented.Value) : rented.Error;
    }

    public void Cut(string peer)
    {
        foreach (((string Peer, PeerChannelKind Kind) id, ConnectionPool pool) in pools)
        {
            if (id.Peer == peer)
                pool.Cut();
        }

        foreach ((FrameChannel channel, string to) in waits)
        {
            if (to == peer)
                channel.Close();
        }
    }

    public ValueTask DisposeAsync()
    {
        disposed.Cancel();
        foreach (ConnectionPool pool in pools.Values)
            pool.Dispose();
        memories.Dispose();
        return default;
    }

    private async ValueTask<(CacheError? Error, int Done, bool IsGone)> ReadAsync(
        string peer, RangeRequest request, bool locates, RangeBuffer buffer, Action<int> filled, CancellationToken cancellation)
    {
        ConnectionPool pool = Pool(peer, PeerChannelKind.Bytes);
        Result<PeerSocket> rented = await pool.RentAsync(cancellation).ConfigureAwait(false);
        if (!rented.IsOk)
            return (rented.Error, 0, false);
        if (request.IsHeldOnly && !rented.Value.TakesHeldOnly)
        {
            pool.Return(rented.Value, isReusable: true);
            return (new CacheError(CacheErrorCode.NotFound, $"instance '{peer}' does not say what it has"), 0, false);
        }

        var fetch = new RangeFetch(peer, rented.Value, locates && rented.Value.Memory != null, buffer, filled, options, time);
        try
        {
            return (await fetch.RunAsync(request, cancellation).ConfigureAwait(false), fetch.Done, fetch.IsGone);
        }
        finally
        {
            Interlocked.Add(ref memoryBytes, fetch.Copied);
            pool.Return(rented.Value, fetch.IsWhole);
        }
    }

    private async Task RunAsync(FrameChannel channel, PeerChannelKind kind, PeerSocket socket, IFrameSink sink)
    {
        if (kind == PeerChannelKind.Waits)
            waits[channel] = channel.Peer;
        using (socket)
            await channel.RunAsync(sink, disposed.Token).ConfigureAwait(false);
        waits.TryRemove(channel, out _);
    }

    private ConnectionPool Pool(string peer, PeerChannelKind kind) =>
        pools.GetOrAdd((peer, kind), static (id, client) => client.NewPool(id.Peer, id.Kind), this);

    private ConnectionPool NewPool(string peer, PeerChannelKind kind) => new(peer, kind, directory, options, loops, memories, time);

    private sealed class CommandLink(ConnectionPool pool, PeerSocket socket) : ICommandLink
    {
        private bool isReturned;

        public IDuplexPipe Pipe => socket.Pipe;

        public bool IsFresh => socket.IsFresh;

        public ActivityContext Trace() => socket.Trace();

        public bool IsReusable { get; set; }

        public ValueTask DisposeAsync()
        {
            if (!isReturned)
                pool.Return(socket, IsReusable);
            isReturned = true;
            return default;
        }
    }
}
