using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Fetch;

namespace Hal.Cache.Node.Tree;

/// <summary>What an instance does for the others: the authority's side of coherence where it is one, and ranges of what it has or can relay.</summary>
internal sealed class PeerHost(string name, Keyspace keyspace, TreeStatistics statistics, EvictedVersions? evicted = null) : IPeerHost
{
    private const int ResolvesMax = 100;

    public string Name => name;

    public ISharedMemory? Shared => keyspace.Store.Shared;

    /// <summary>Takes channels for published messages, once the instance relays them.</summary>
    public Func<IFrameChannel, IFrameSink>? Messages { get; set; }

    /// <summary>Takes channels for commands that wait, where this instance runs those of others.</summary>
    public Func<IFrameChannel, IFrameSink>? Waits { get; set; }

    public Result<IFrameSink> Accept(PeerChannelKind kind, IFrameChannel channel)
    {
        if (kind == PeerChannelKind.Messages)
            return Messages is { } accept ? Results.Of(accept(channel)) : new CacheError(CacheErrorCode.Refused, $"instance '{name}' relays no messages");
        if (kind == PeerChannelKind.Waits)
            return Waits is { } run ? Results.Of(run(channel)) : new CacheError(CacheErrorCode.Refused, $"instance '{name}' runs no commands for others");
        return keyspace.Authority is { } authority
            ? Results.Of(authority.Accept(channel))
            : new CacheError(CacheErrorCode.Refused, $"instance '{name}' is no authority");
    }

    public ValueTask<Result<IRangeReader>> OpenRangeAsync(RangeRequest request, CancellationToken cancellation) =>
        request.AsksManifest ? ManifestAsync(request, cancellation) : OpenAsync(request, statistics, cancellation);

    /// <summary>The same for this instance itself, which is not counted as served.</summary>
    internal ValueTask<Result<IRangeReader>> OpenOwnAsync(RangeRequest request, CancellationToken cancellation) => OpenAsync(request, null, cancellation);

    private CacheError NotTheBytes => new(CacheErrorCode.Elsewhere, $"instance '{name}' has this version, but not the bytes that it is sent as");

    private CacheError NotHere => new(CacheErrorCode.NotFound, $"instance '{name}' has not this version");

    private async ValueTask<Result<IRangeReader>> ManifestAsync(RangeRequest request, CancellationToken cancellation)
    {
        if (keyspace.KeepsCopies)
            return NotHere;
        ulong hash = keyspace.Store.Hash(request.Key.Span);
        byte[]? manifest = await keyspace.Snapshots.ManifestAsync(request.Database, request.Key, hash, (long)request.Version, cancellation).ConfigureAwait(false);
        return manifest != null ? Results.Of<IRangeReader>(new InlineRange(manifest)) : NotHere;
    }

    private async ValueTask<Result<IRangeReader>> OpenAsync(RangeRequest request, TreeStatistics? counted, CancellationToken cancellation)
    {
        ulong hash = keyspace.Store.Hash(request.Key.Span);
        for (int tries = 0; tries < ResolvesMax; tries++)
        {
            if (keyspace.Snapshots.TryOpen(hash, (long)request.Version, request.Offset, request.Length) is { } blob)
                return Results.Of<IRangeReader>(new LargeRange(blob, counted));
            if (request.IsHeldOnly)
                return Held(request, hash, counted);
            Found found = Look(request, hash, counted, out Fault fault, out IRangeReader? reader);
            if (found == Found.Reader)
                return Results.Of(reader!);
            if (found == Found.Nothing)
                break;
            // A copied collection would be written in another order of its elements: only the authority says which bytes stand for a version.
            if (found == Found.Object && keyspace.KeepsCopies)
                return NotTheBytes;
            if (found == Found.Object && !await keyspace.Snapshots.TryMakeAsync(request.Database, request.Key, hash, (long)request.Version, cancellation).ConfigureAwait(false))
                break;
            if (found == Found.Fault && await keyspace.ResolveAsync(fault, cancellation).ConfigureAwait(false) is { } error)
                return error;
        }

        return NotHere;
    }

    /// <summary>A range of a large value all of which is here. Nothing that is done for it waits for another instance.</summary>
    private Result<IRangeReader> Held(RangeRequest request, ulong hash, TreeStatistics? counted)
    {
        IBlobStore store = keyspace.Store;
        var scope = default(WriteScope);
        ulong shard = store.ShardOf(hash);
        store.Lock(shard);
        try
        {
            EntryRef entry = store.Find(new BlobKey(request.Database, request.Key.Span, hash), ref scope);
            if (entry.IsNone || keyspace.VersionOf(entry) != (long)request.Version)
                return NotHere;
            if (entry.IsObject)
                return NotTheBytes;
            if (!entry.IsLarge || store.Large(entry) is not { } value || value.Length != request.ObjectLength)
                return NotHere;
            for (long at = request.Offset; at < request.Offset + request.Length; at += IBlobStore.ChunkBytes - (at % IBlobStore.ChunkBytes))
            {
                if (!value.HasChunk((int)(at / IBlobStore.ChunkBytes)))
                    return NotHere;
            }

            return new LargeRange(new ValueReader(value, request.Offset, request.Length), counted, NotHere);
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    private Found Look(RangeRequest request, ulong hash, TreeStatistics? counted, out Fault fault, out IRangeReader? reader)
    {
        (fault, reader) = (default, null);
        IBlobStore store = keyspace.Store;
        var key = new BlobKey(request.Database, request.Key.Span, hash);
        var scope = default(WriteScope);
        ulong shard = store.ShardOf(hash);
        store.Lock(shard);
        try
        {
            EntryRef entry = store.Find(key, ref scope);
            if (!entry.IsNone && entry.IsOnDisk && !entry.IsLarge)
            {
                fault = new(FaultKind.Load, Need.Value, request.Database, request.Key.ToArray(), 0);
                return Found.Fault;
            }

            if (!entry.IsNone && keyspace.VersionOf(entry) == (long)request.Version)
            {
                if (entry.IsObject)
                    return Found.Object;
                reader = Reader(request, key, entry, counted);
                return Found.Reader;
            }

            if (evicted?.TryFind(key, (long)request.Version, out ulong validator) == true)
            {
                if (entry.IsNone)
                {
                    fault = new(FaultKind.Fetch, Need.Meta, request.Database, request.Key.ToArray(), 0);
                    return Found.Fault;
                }

                if (entry.IsLarge && store.Large(entry) is { Origin: { } origin } again && origin.Validator == validator && again.Length == request.ObjectLength)
                {
                    reader = Reader(request, key, entry, counted);
                    return Found.Reader;
                }
            }

            return keyspace.TryKeepForRelay(key, entry, request, ref scope, out fault) ? Found.Again : fault.Kind != FaultKind.None ? Found.Fault : Found.Nothing;
        }
        finally
        {
            store.Unlock(shard);
        }
    }

    private IRangeReader Reader(RangeRequest request, in BlobKey key, in EntryRef entry, TreeStatistics? counted)
    {
        if (entry.IsLarge)
        {
            // Whoever has begun to fetch a version may end it, though the key gets another one meanwhile.
            keyspace.Snapshots.Keep(key.Hash, (long)request.Version, keyspace.Store.Large(entry));
            return new LargeRange(keyspace.OpenReader(key, entry, request.Offset, request.Length), counted);
        }

        ReadOnlySpan<byte> value = entry.Value;
        int from = (int)Math.Min(request.Offset, value.Length);
        return new InlineRange(value.Slice(from, Math.Min(request.Length, value.Length - from)).ToArray());
    }

    private enum Found
    {
        Reader,
        Object,
        Again,
        Fault,
        Nothing,
    }

    private sealed class LargeRange : IRangeReader
    {
        private readonly ValueReader reader;
        private readonly TreeStatistics? statistics;
        private readonly CacheError? lost;
        private long queued;

        /// <param name="lost">What is said where a part has left the store since; null where it is then fetched.</param>
        public LargeRange(ValueReader reader, TreeStatistics? statistics, CacheError? lost = null)
        {
            (this.reader, this.statistics, this.lost, queued) = (reader, statistics, lost, reader.Remaining);
            reader.GoesOnAtOnce = statistics != null; // what others ask for is passed on to them
            statistics?.Queued(queued, 1);
        }

        public int TryRead(Span<byte> buffer)
        {
            int count = reader.TryRead(buffer);
            Count(count);
            return count;
        }

        public LentBytes TryLend(int bytesMax)
        {
            LentBytes lent = reader.TryLend(bytesMax);
            Count(lent.Count);
            return lent;
        }

        public MemoryPiece TryLocate(int bytesMax)
        {
            MemoryPiece piece = reader.TryLocate(bytesMax);
            Count(piece.Bytes);
            return piece;
        }

        public ValueTask<CacheError?> WaitAsync(CancellationToken cancellation) => reader.WaitAsync(cancellation);

        public async ValueTask<Result<int>> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
        {
            Result<int> read = await reader.ReadAsync(buffer, cancellation).ConfigureAwait(false);
            if (read.IsOk)
                Count(read.Value);
            return lost != null && !read.IsOk && read.Error.Code is CacheErrorCode.Unavailable or CacheErrorCode.NotFound ? lost : read;
        }

        public void Dispose()
        {
            if (queued < 0)
                return;
            reader.Dispose();
            statistics?.Queued(-queued, -1);
            queued = -1;
        }

        private void Count(int bytes)
        {
            if (bytes == 0)
                return;
            statistics?.Served(bytes);
            statistics?.Queued(-bytes, 0);
            queued -= bytes;
        }
    }

    private sealed class InlineRange(byte[] bytes) : IRangeReader
    {
        private int at;

        public int TryRead(Span<byte> buffer)
        {
            int count = Math.Min(buffer.Length, bytes.Length - at);
            bytes.AsSpan(at, count).CopyTo(buffer);
            at += count;
            return count;
        }

        public LentBytes TryLend(int bytesMax) => default;

        public MemoryPiece TryLocate(int bytesMax) => default;

        public ValueTask<CacheError?> WaitAsync(CancellationToken cancellation) => default;

        public ValueTask<Result<int>> ReadAsync(Memory<byte> buffer, CancellationToken cancellation) => new(TryRead(buffer.Span));

        public void Dispose()
        {
            // The bytes were copied.
        }
    }
}
