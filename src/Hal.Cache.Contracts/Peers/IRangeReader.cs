using Hal.Cache.Contracts.Connections;
using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Contracts.Peers;

/// <summary>Gives the bytes of a range from front to back; disposing lets go of the object.</summary>
public interface IRangeReader : IDisposable
{
    /// <summary>Fills the front of the buffer with what is in memory; 0 where that is nothing, and at the end of the range. Never waits.</summary>
    int TryRead(Span<byte> buffer);

    /// <summary>Passes over what is in memory, up to the end of a chunk, and lends it; nothing where <see cref="TryRead"/> has to be asked.</summary>
    LentBytes TryLend(int bytesMax);

    /// <summary>
    /// Passes over what is in memory, up to the end of a chunk, and says where it lies; nothing where <see cref="TryRead"/> has to be asked. What is being
    /// fetched stays there for as long as the reader is not disposed and the store has not got it; other bytes may leave memory at any time.
    /// </summary>
    MemoryPiece TryLocate(int bytesMax);

    /// <summary>
    /// Waits until <see cref="TryRead"/> has bytes, where they come from elsewhere; null at once where they are here, though they may have to be
    /// read from a disk.
    /// </summary>
    ValueTask<CacheError?> WaitAsync(CancellationToken cancellation);

    /// <summary>Fills the front of the buffer with what is here, waiting only where nothing is; 0 at the end of the range.</summary>
    ValueTask<Result<int>> ReadAsync(Memory<byte> buffer, CancellationToken cancellation);
}
