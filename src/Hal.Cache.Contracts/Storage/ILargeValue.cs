using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Contracts.Storage;

/// <summary>
/// A value in chunks of <see cref="IBlobStore.ChunkBytes"/>, each in memory, in the log, or (of an origin's object) not here yet.
/// Bytes of a stored value never change: a change is a new value that shares chunks with the old one.
/// </summary>
public interface ILargeValue
{
    /// <summary>Length in bytes.</summary>
    long Length { get; }

    int ChunkCount { get; }

    /// <summary>What its origin said of it; null for a value that a client wrote.</summary>
    OriginStamp? Origin { get; set; }

    /// <summary>
    /// Whether chunks of an origin's object that leave memory are written to the log; else they are dropped, and read again from the origin. True unless it is
    /// set.
    /// </summary>
    bool IsSpilled { get; set; }

    /// <summary>Keeps the value readable until <see cref="Release"/>, even if its key gets another one.</summary>
    void Retain();

    void Release();

    /// <summary>Whether the chunk is in memory or in the log.</summary>
    bool HasChunk(int index);

    /// <summary>Number of chunks that are here.</summary>
    int ChunksPresent { get; }

    /// <summary>
    /// Copies bytes from <paramref name="offset"/> on, up to the chunk's end; 0 where the chunk is not in memory. Never waits.
    /// </summary>
    int TryRead(long offset, Span<byte> destination);

    /// <summary>The same bytes from where they lie, kept there until they are returned; none where the chunk is not in memory.</summary>
    LentBytes TryLend(long offset, int bytesMax);

    /// <summary>Where those bytes lie in shared memory, instead of the bytes; nothing where the chunk is not there.</summary>
    MemoryPiece TryLocate(long offset, int bytesMax);

    /// <summary>The same, reading from the log where need be; NotFound where the chunk is not here at all.</summary>
    ValueTask<Result<int>> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellation);

    /// <summary>Stores a whole chunk (the last one may be short); waits for room. A chunk that is already here stays as it is.</summary>
    ValueTask<CacheError?> WriteChunkAsync(int index, ReadOnlyMemory<byte> bytes, CancellationToken cancellation);

    /// <summary>
    /// Memory for a chunk that is not here yet, to be filled by the caller, who alone writes this value; empty where there is no room at this
    /// moment. Valid until <see cref="TryCommit"/> or the value's end; asking again for the same chunk gives the same memory.
    /// </summary>
    Span<byte> TryReserve(int index);

    /// <summary>Stores the reserved chunk, now whole; false where there is no room for it at this moment.</summary>
    bool TryCommit(int index);

    /// <summary>
    /// Memory for a chunk that is not here yet, for any number of writers; 0 where there is no room at this moment. The caller's until it is given to the
    /// store by <see cref="TryCommit(int, nint, uint?)"/>, or returned.
    /// </summary>
    nint TryTakeSpace(int index);

    /// <summary>Where that memory lies in the store's <see cref="IBlobStore.Shared"/>; -1 where no other process may map it.</summary>
    long OffsetOf(nint space);

    /// <summary>Returns that memory, also after the value's end.</summary>
    void ReturnSpace(int index, nint space);

    /// <summary>
    /// Gives that memory to the store, filled; false, and it is still the caller's, where there is no room at this moment. Returned where the chunk is here
    /// already, or nobody wants the value any more.
    /// </summary>
    /// <param name="checksum">CRC-32C of the bytes, null where the caller does not know it.</param>
    bool TryCommit(int index, nint space, uint? checksum);

    /// <summary>
    /// A new value of another length that shares this one's whole chunks up to <paramref name="sharedBytes"/>; the rest is to be written.
    /// </summary>
    ILargeValue Derive(long length, Func<int, bool> shares);
}
