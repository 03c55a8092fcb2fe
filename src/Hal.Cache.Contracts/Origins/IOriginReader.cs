namespace Hal.Cache.Contracts.Origins;

/// <summary>
/// One open version of an origin object; reads may run at the same time. It holds a file or a connection: keep it for one fetch,
/// then dispose it.
/// </summary>
public interface IOriginReader : IAsyncDisposable
{
    /// <summary>The version that is open, and the only one whose bytes the reads give.</summary>
    OriginObject Opened { get; }

    /// <summary>Whether its bytes are on this machine: many short reads cost hardly more than a long one.</summary>
    bool IsLocal => false;

    /// <summary>
    /// Fills <paramref name="buffer"/> with the bytes at <paramref name="offset"/> and answers how many: all of it, fewer only at the
    /// object's end, zero beyond it; <see cref="CacheErrorCode.Changed"/> when the object is no longer the version that was opened.
    /// The buffer is the origin's until the call completes, cancelled or not, and holds nothing of worth after a failure.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="offset"/> is negative.</exception>
    ValueTask<Result<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation);
}
