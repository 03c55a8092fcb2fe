using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Streams;

namespace Hal.Cache.Node.Values;

/// <summary>Reads the collections' blobs.</summary>
public sealed class CollectionCodec(CollectionLimits limits) : IObjectCodec
{
    public Result<IObjectValue> Read(BlobType type, ReadOnlySequence<byte> blob) => Unpack(type, blob.IsSingleSegment ? blob.FirstSpan : blob.ToArray());

    public Result<IObjectValue> Unpack(BlobType type, ReadOnlySpan<byte> blob)
    {
        IObjectValue? value = type switch
        {
            BlobType.Hash => HashValue.Read(limits, blob),
            BlobType.List => ListValue.Read(limits, blob),
            BlobType.Set => SetValue.Read(limits, blob),
            BlobType.SortedSet => SortedSetValue.Read(limits, blob),
            BlobType.Stream => StreamBlob.Read(limits, blob),
            _ => null,
        };
        return value is null ? new CacheError(CacheErrorCode.Corrupt, $"a blob is no {type} in a known version") : Results.Of(value);
    }
}
