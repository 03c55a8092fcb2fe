namespace Hal.Cache.Contracts.Storage;

/// <summary>
/// Has entries stay that the eviction policy would give up. Asked under the lock of the entry's shard, from many threads: no I/O, no lock,
/// no call of the store. What has expired or is deleted goes all the same.
/// </summary>
public interface IEvictionGuard
{
    /// <summary>Whether the entry must not be evicted now. A guard that keeps nearly everything leaves the store without room.</summary>
    bool Keeps(in BlobKey key);
}
