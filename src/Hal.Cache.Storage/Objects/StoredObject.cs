using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;

namespace Hal.Cache.Storage.Objects;

/// <summary>Where the log has an object: base and changes, as they were under the lock; chunks are retained.</summary>
internal sealed record StoredObject(
    BlobType Type, long Address, int BaseRecordBytes, LargeValue? Chunks, bool IsMoved, (long Address, int RecordBytes)[] Changes, long Bytes)
{
    /// <summary>What loading takes at its peak in memory: the blob, and a structure of about twice its size.</summary>
    public long LoadBytes => 3 * Bytes;
}
