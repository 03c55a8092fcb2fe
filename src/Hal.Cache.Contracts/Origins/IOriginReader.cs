namespace Hal.Cache.Contracts.Origins;

/// <summary>One open version of an origin object; reads of disjoint ranges may run at the same time.</summary>
public interface IOriginReader : IAsyncDisposable
{
    /// <summary>
    /// Fills <paramref name="buffer"/> with the bytes at <paramref name="offset"/>: all of it, short only at the object's end;
    /// <see cref="CacheErrorCode.Changed"/> when the object is no longer the version that was opened.
    /// </summary>
    ValueTask<Result<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation);
}
