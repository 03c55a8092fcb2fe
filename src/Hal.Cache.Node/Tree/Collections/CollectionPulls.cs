using System.Buffers;
using System.Buffers.Binary;
using Hal.Cache.Coherence;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Values;

namespace Hal.Cache.Node.Tree.Collections;

/// <summary>
/// Brings collections whole: the authority's manifest fixes the bytes of the version, which come by the way that other instances' ranges
/// take through this one, so that they are kept for those; what does not match the manifest is read once more, from the authority itself.
/// </summary>
internal sealed class CollectionPulls(TreeOptions options, Keyspace keyspace, IPeerClient peers, PeerHost self, TreeStatistics statistics) : IDisposable
{
    private readonly SemaphoreSlim small = new(options.CollectionPullsMax);
    private readonly SemaphoreSlim large = new(options.LargePullsMax);
    private readonly CollectionCodec codec = new(keyspace.Collections);

    /// <summary>Largest collection that is copied, in bytes of memory.</summary>
    public long BytesMax => keyspace.CollectionPullMaxBytes;

    public PullLedger Ledger { get; } = new();

    public ObjectSnapshots Snapshots => keyspace.Snapshots;

    /// <summary>The structure that a blob holds; Corrupt where it holds none of that type.</summary>
    public Result<IObjectValue> Read(BlobType type, ReadOnlyMemory<byte> blob) => codec.Read(type, new ReadOnlySequence<byte>(blob));

    /// <summary>Brings exactly this version, of about so many bytes; NotFound where it is gone.</summary>
    public async ValueTask<Result<IObjectValue>> BringAsync(ObjectKey key, long version, long size, BlobType type, CancellationToken cancellation)
    {
        SemaphoreSlim limit = size > options.LargePullBytes ? large : small;
        await limit.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var manifest = new byte[RangeRequest.ManifestBytes];
            RangeRequest asked = RangeRequest.OfManifest(key.Id.Database, key.Bytes, (ulong)version);
            if (await peers.ReadAsync(options.Roots.Of(key.Bytes.Span), asked, manifest, static _ => { }, cancellation).ConfigureAwait(false) is { } refused)
                return refused;
            long length = BinaryPrimitives.ReadInt64LittleEndian(manifest);
            uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(manifest.AsSpan(sizeof(long)));
            if (length <= 0 || length > Array.MaxLength)
                return new CacheError(CacheErrorCode.Refused, $"a collection of {length} bytes can't be brought");
            byte[] blob = GC.AllocateUninitializedArray<byte>((int)length);
            RangeRequest whole = asked with { ObjectLength = length, Length = blob.Length };
            CacheError? error = await RelayAsync(whole, blob, cancellation).ConfigureAwait(false);
            if (error == null && Crc32C.Append(0, blob) == checksum)
                return Read(type, blob);
            if (error == null)
                statistics.FoundCorrupt();
            error = await DirectAsync(whole, blob, cancellation).ConfigureAwait(false);
            if (error != null)
                return error;
            return Crc32C.Append(0, blob) == checksum ? Read(type, blob) : new CacheError(CacheErrorCode.Corrupt, "a collection fails its checksum");
        }
        finally
        {
            limit.Release();
        }
    }

    public void Dispose()
    {
        small.Dispose();
        large.Dispose();
    }

    private async ValueTask<CacheError?> RelayAsync(RangeRequest whole, byte[] blob, CancellationToken cancellation)
    {
        Result<IRangeReader> opened = await self.OpenOwnAsync(whole, cancellation).ConfigureAwait(false);
        if (!opened.IsOk)
            return opened.Error;
        using IRangeReader reader = opened.Value;
        for (int done = 0; done < blob.Length;)
        {
            Result<int> read = await reader.ReadAsync(blob.AsMemory(done), cancellation).ConfigureAwait(false);
            if (!read.IsOk)
                return read.Error;
            if (read.Value == 0)
                return new CacheError(CacheErrorCode.Corrupt, "a collection is shorter than its manifest says");
            done += read.Value;
        }

        return null;
    }

    private async ValueTask<CacheError?> DirectAsync(RangeRequest whole, byte[] blob, CancellationToken cancellation)
    {
        string root = options.Roots.Of(whole.Key.Span);
        for (int done = 0; done < blob.Length;)
        {
            int piece = Math.Min(blob.Length - done, RangeRequest.LengthMax);
            RangeRequest part = whole with { Offset = done, Length = piece };
            CacheError? error = await peers.ReadAsync(root, part, blob.AsMemory(done, piece), static _ => { }, cancellation).ConfigureAwait(false);
            if (error != null)
                return error;
            statistics.Received(root, piece);
            done += piece;
        }

        return null;
    }
}
