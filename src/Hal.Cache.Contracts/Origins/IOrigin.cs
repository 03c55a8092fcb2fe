namespace Hal.Cache.Contracts.Origins;

/// <summary>
/// Persistent storage behind the root, read-only: paths (the key's bytes after the mount's prefix) name objects of known length and
/// version. No call blocks a thread outside the thread pool; all may be used at the same time.
/// </summary>
/// <remarks>
/// Failures: <see cref="CacheErrorCode.NotFound"/> only where the storage itself answers that there is no such object;
/// <see cref="CacheErrorCode.Refused"/> for a path that is not allowed; <see cref="CacheErrorCode.Busy"/> at a named limit;
/// <see cref="CacheErrorCode.Unavailable"/> for all that says nothing about the object, so that nobody drops a copy because of it.
/// Messages are one line and name the path relative to the origin, never where the origin is.
/// </remarks>
public interface IOrigin
{
    /// <summary>What the object at <paramref name="path"/> is now, without reading it.</summary>
    ValueTask<Result<OriginObject>> StatAsync(ReadOnlyMemory<byte> path, CancellationToken cancellation);

    /// <summary>
    /// Opens the object at <paramref name="path"/>: exactly the <paramref name="expected"/> version, or
    /// <see cref="CacheErrorCode.Changed"/> if it is another by now; with null the version that is there, told by
    /// <see cref="IOriginReader.Opened"/>, which saves the stat.
    /// </summary>
    ValueTask<Result<IOriginReader>> OpenAsync(ReadOnlyMemory<byte> path, OriginObject? expected, CancellationToken cancellation);

    /// <summary>
    /// Whether what this machine has in memory is answered at once on the calling thread, whichever that is, so that it need not be asked on a thread of
    /// the pool for that.
    /// </summary>
    bool AnswersAtOnce => false;

    /// <summary>
    /// Whether the objects lie on the file system of a directory, so that a copy there is read no sooner than the object; false where that is not known.
    /// </summary>
    bool SharesDiskWith(string directory) => false;
}
