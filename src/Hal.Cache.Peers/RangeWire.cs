using System.Buffers.Binary;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Peers;

/// <summary>
/// How ranges are asked for and sent. A request: 36 fixed bytes, then the key. An answer: pieces of up to <see cref="PieceBytesMax"/> bytes,
/// each behind 8 bytes of length and CRC-32C; a length of 0 is a sign of life, a negative one an error, whose text follows.
/// </summary>
internal static class RangeWire
{
    public const int RequestBytes = 36;
    public const int PieceHeaderBytes = 8;
    public const int PieceBytesMax = IBlobStore.ChunkBytes;
    public const int ErrorBytesMax = 1024;

    public static int Write(in RangeRequest request, Span<byte> to)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, request.Database);
        BinaryPrimitives.WriteUInt64LittleEndian(to[4..], request.Version);
        BinaryPrimitives.WriteInt64LittleEndian(to[12..], request.ObjectLength);
        BinaryPrimitives.WriteInt64LittleEndian(to[20..], request.Offset);
        BinaryPrimitives.WriteInt32LittleEndian(to[28..], request.Length);
        BinaryPrimitives.WriteInt32LittleEndian(to[32..], request.Key.Length);
        request.Key.Span.CopyTo(to[RequestBytes..]);
        return RequestBytes + request.Key.Length;
    }

    public static int KeyBytes(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadInt32LittleEndian(header[32..]);

    public static RangeRequest Read(ReadOnlySpan<byte> header, byte[] key) => new(
        BinaryPrimitives.ReadInt32LittleEndian(header), key, BinaryPrimitives.ReadUInt64LittleEndian(header[4..]),
        BinaryPrimitives.ReadInt64LittleEndian(header[12..]), BinaryPrimitives.ReadInt64LittleEndian(header[20..]),
        BinaryPrimitives.ReadInt32LittleEndian(header[28..]));

    /// <summary>Length and checksum of a piece, in front of it.</summary>
    public static void WritePieceHeader(Span<byte> to, ReadOnlySpan<byte> piece)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, piece.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(to[sizeof(int)..], Crc32C.Append(0, piece));
    }

    /// <summary>Whether the numbers of a request can be meant.</summary>
    public static bool IsSound(in RangeRequest request)
    {
        if (request.Database is < 0 or >= IBlobStore.Databases)
            return false;
        if (request.AsksManifest)
            return request is { Offset: 0, Length: RangeRequest.ManifestBytes };
        return request is { Offset: >= 0, Length: > 0 and <= RangeRequest.LengthMax, ObjectLength: > 0 and <= IBlobStore.ValueBytesMax }
            && request.Offset <= request.ObjectLength - request.Length;
    }

    public static CacheErrorCode CodeOf(int length) => -length - 1 is var code && code <= (int)CacheErrorCode.Elsewhere ? (CacheErrorCode)code : CacheErrorCode.Unavailable;

    public static int LengthOf(CacheErrorCode code) => -(int)code - 1;
}
