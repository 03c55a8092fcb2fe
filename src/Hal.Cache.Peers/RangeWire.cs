using System.Buffers.Binary;
using System.Diagnostics;
using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Peers;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Contracts.Telemetry;

namespace Hal.Cache.Peers;

/// <summary>
/// How ranges are asked for and sent. A request: 36 fixed bytes, then the key, then, where <see cref="Traced"/> is set in the database's number, the
/// context of the asking span, which is sent only to peers that say that they take one. An answer: pieces of up to <see cref="PieceBytesMax"/> bytes,
/// each behind 8 bytes of length and CRC-32C; a length of 0 is a sign of life, a negative one an error, whose text follows. Where
/// <see cref="Located"/> is set in the database's number, a piece may also be its place in the sender's memory: <see cref="LocatedPiece"/> in its length, its
/// checksum, and 8 bytes of offset; who has taken all of an answer in which one has <see cref="FleetingPiece"/> says so by <see cref="Taken"/>.
/// Where <see cref="HeldOnly"/> is set, which is sent only to peers that say that they know it, nothing is fetched for the answer.
/// </summary>
internal static class RangeWire
{
    public const int RequestBytes = 36;
    public const int PieceHeaderBytes = 8;
    public const int PieceBytesMax = IBlobStore.ChunkBytes;
    public const int ErrorBytesMax = 1024;
    public const int LocatedHeaderBytes = PieceHeaderBytes + sizeof(long);

    /// <summary>Bit of a piece's length that says that its place follows, instead of its bytes.</summary>
    public const int LocatedPiece = 1 << 30;

    /// <summary>
    /// Bit of such a piece's length that says that the sender keeps the memory until <see cref="Taken"/>, for a while, unless its store gets it and lets go of it.
    /// </summary>
    public const int FleetingPiece = 1 << 29;

    /// <summary>Bytes that are received at once where most of them are places of pieces; of others some are copied once more.</summary>
    public const int FrontBytes = 2048;

    /// <summary>Bit of the database's number that says that a <see cref="TraceFrame"/> follows the key.</summary>
    private const int Traced = 1 << 30;

    /// <summary>Bit of the database's number that says that the answer may be places in the sender's memory.</summary>
    private const int Located = 1 << 29;

    /// <summary>Bit of the database's number that says <see cref="RangeRequest.IsHeldOnly"/>.</summary>
    private const int HeldOnly = 1 << 28;

    /// <summary>Instead of a request: what the last answer told the places of was copied. It asks for no bytes.</summary>
    public static ReadOnlyMemory<byte> Taken { get; } = new byte[RequestBytes];

    public static int Write(in RangeRequest request, Span<byte> to, in ActivityContext trace = default, bool isLocated = false)
    {
        bool isTraced = trace.TraceId != default;
        int asked = (isTraced ? Traced : 0) | (isLocated ? Located : 0) | (request.IsHeldOnly ? HeldOnly : 0);
        BinaryPrimitives.WriteInt32LittleEndian(to, request.Database | asked);
        BinaryPrimitives.WriteUInt64LittleEndian(to[4..], request.Version);
        BinaryPrimitives.WriteInt64LittleEndian(to[12..], request.ObjectLength);
        BinaryPrimitives.WriteInt64LittleEndian(to[20..], request.Offset);
        BinaryPrimitives.WriteInt32LittleEndian(to[28..], request.Length);
        BinaryPrimitives.WriteInt32LittleEndian(to[32..], request.Key.Length);
        request.Key.Span.CopyTo(to[RequestBytes..]);
        int length = RequestBytes + request.Key.Length;
        if (!isTraced)
            return length;
        TraceFrame.Write(trace, to[length..]);
        return length + TraceFrame.Bytes;
    }

    public static int KeyBytes(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadInt32LittleEndian(header[32..]);

    /// <summary>Bytes of trace context behind the key.</summary>
    public static int TraceBytes(ReadOnlySpan<byte> header) => (BinaryPrimitives.ReadInt32LittleEndian(header) & Traced) != 0 ? TraceFrame.Bytes : 0;

    /// <summary>Whether the answer may say where bytes lie.</summary>
    public static bool IsLocated(ReadOnlySpan<byte> header) => (BinaryPrimitives.ReadInt32LittleEndian(header) & Located) != 0;

    public static bool IsTaken(ReadOnlySpan<byte> header) => header.SequenceEqual(Taken.Span);

    public static RangeRequest Read(ReadOnlySpan<byte> header, byte[] key) => new(
        BinaryPrimitives.ReadInt32LittleEndian(header) & ~(Traced | Located | HeldOnly), key, BinaryPrimitives.ReadUInt64LittleEndian(header[4..]),
        BinaryPrimitives.ReadInt64LittleEndian(header[12..]), BinaryPrimitives.ReadInt64LittleEndian(header[20..]),
        BinaryPrimitives.ReadInt32LittleEndian(header[28..]), (BinaryPrimitives.ReadInt32LittleEndian(header) & HeldOnly) != 0);

    /// <summary>Length and checksum of a piece, in front of it.</summary>
    public static void WritePieceHeader(Span<byte> to, ReadOnlySpan<byte> piece)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, piece.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(to[sizeof(int)..], Crc32C.Append(0, piece));
    }

    /// <summary>Length, checksum and place of a piece.</summary>
    public static void WriteLocated(Span<byte> to, in MemoryPiece piece)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, piece.Bytes | LocatedPiece | (piece.IsFleeting ? FleetingPiece : 0));
        BinaryPrimitives.WriteUInt32LittleEndian(to[sizeof(int)..], piece.Checksum);
        BinaryPrimitives.WriteInt64LittleEndian(to[PieceHeaderBytes..], piece.Offset);
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
