using Hal.Cache.Contracts;
using Hal.Cache.Contracts.Connections;

namespace Hal.Cache.Node;

/// <summary>Bytes of known number that are read once, from front to back; for one reader at a time, and disposed of by it.</summary>
public interface IByteSource : IDisposable
{
    /// <summary>Bytes that are still to be read.</summary>
    long Remaining { get; }

    /// <summary>Bytes that are best read at once; 0 at the end.</summary>
    int PieceBytes { get; }

    /// <summary>Copies what is at hand; 0 at the end, or where it must be awaited.</summary>
    int TryRead(Span<byte> destination);

    /// <summary>Passes over what is at hand, and lends it to whoever sends it from where it lies; none where it is to be copied or awaited.</summary>
    LentBytes TryLend(int bytesMax);

    /// <summary>As <see cref="TryRead"/>, waiting; 0 only at the end.</summary>
    ValueTask<Result<int>> ReadAsync(Memory<byte> destination, CancellationToken cancellation);
}
