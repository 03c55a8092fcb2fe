namespace Hal.Cache.Contracts.Origins;

/// <summary>Persistent storage behind the root, read-only: paths name objects of known length and version.</summary>
public interface IOrigin
{
    /// <summary>What the object at <paramref name="path"/> (bytes after the origin's prefix) is now, without reading it.</summary>
    ValueTask<Result<OriginObject>> StatAsync(ReadOnlyMemory<byte> path, CancellationToken cancellation);

    /// <summary>Opens exactly the version that a stat told; fails with <see cref="CacheErrorCode.Changed"/> if it is another by now.</summary>
    ValueTask<Result<IOriginReader>> OpenAsync(ReadOnlyMemory<byte> path, OriginObject expected, CancellationToken cancellation);
}
