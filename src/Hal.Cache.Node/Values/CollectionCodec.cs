using System.Buffers;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Node.Values;

/// <summary>Reads the collections' blobs.</summary>
public sealed class CollectionCodec(CollectionLimits limits) : IObjectCodec
{
    public Result<IObjectValue> Read(BlobType type, ReadOnlySequence<byte> blob)
    {
        ReadOnlySpan<byte> bytes = blob.IsSingleSegment ? blob.FirstSpan : blob.ToArray();
        IObjectValue? value = type switch
        {
            BlobType.Hash => HashValue.Read(limits, bytes),
            BlobType.List => ListValue.Read(limits, bytes),
            BlobType.Set => SetValue.Read(limits, bytes),
            BlobType.SortedSet => SortedSetValue.Read(limits, bytes),
            _ => null,
        };
        return value is null ? new CacheError(CacheErrorCode.Corrupt, $"a blob is no {type} in a known version") : Results.Of(value);
    }
}
