namespace Hal.Cache.Contracts.Peers;

/// <summary>Gives the bytes of a range from front to back; disposing lets go of the object.</summary>
public interface IRangeReader : IDisposable
{
    /// <summary>Fills the front of the buffer with what is here, waiting only where nothing is; 0 at the end of the range.</summary>
    ValueTask<Result<int>> ReadAsync(Memory<byte> buffer, CancellationToken cancellation);
}
