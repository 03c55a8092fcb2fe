using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Gateway.Commands;

/// <summary>Types as TYPE and SCAN name them.</summary>
internal static class TypeNames
{
    public static ReadOnlySpan<byte> Of(BlobType type) => type switch
    {
        BlobType.None => "none"u8,
        BlobType.String => "string"u8,
        BlobType.List => "list"u8,
        BlobType.Set => "set"u8,
        BlobType.SortedSet => "zset"u8,
        BlobType.Hash => "hash"u8,
        BlobType.Stream => "stream"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
