using Hal.Cache.Contracts.Storage;
using Hal.Cache.Node.Streams;
using Hal.Cache.Node.Values;

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

    /// <summary>How a collection is held, as OBJECT ENCODING names it.</summary>
    public static ReadOnlySpan<byte> EncodingOf(IObjectValue value) => value switch
    {
        HashValue { IsCompact: false } => "hashtable"u8,
        HashValue { HasTimes: true } => "listpackex"u8,
        ListValue { IsCompact: false } => "quicklist"u8,
        SetValue { Encoding: SetEncoding.Table } => "hashtable"u8,
        SetValue { Encoding: SetEncoding.Integers } => "intset"u8,
        SortedSetValue { IsCompact: false } => "skiplist"u8,
        StreamValue => "stream"u8,
        _ => "listpack"u8,
    };
}
