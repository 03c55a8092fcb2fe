using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Large;

namespace Hal.Cache.Storage.Objects;

/// <summary>
/// One object: its structure while that is in memory, and what the log has of it, which is a base (a record or chunks) and the changes
/// since. Used under the lock of its key's shard.
/// </summary>
internal sealed class ObjectSlot
{
    /// <summary>Hash of the key that has the object; changed under both shards' locks.</summary>
    public ulong KeyHash;

    /// <summary>Place in its shard's slots.</summary>
    public int Handle;

    /// <summary>The structure; null while the object is in the log only.</summary>
    public IObjectValue? Value;

    /// <summary>Bytes of the structure that are counted into the memory budget.</summary>
    public long CountedBytes;

    /// <summary>Bytes that are counted among the log's live ones for the base, written or still to be written; chunks count for themselves.</summary>
    public long LiveBytes;

    /// <summary>Length of the base's blob where that is one record.</summary>
    public int BlobBytes;

    /// <summary>The base where it is in chunks; the entry's address is then its manifest's.</summary>
    public LargeValue? Chunks;

    /// <summary>What the log has on top of the base; null where that is nothing.</summary>
    public ChangeChain? Changes;

    /// <summary>Being written without the lock: no change may be made.</summary>
    public bool IsBusy;

    /// <summary>Holds on the structure: no change may be made, and it stays.</summary>
    public int Holds;

    /// <summary>The base is under another key, which a record behind it has renamed.</summary>
    public bool IsMoved;

    /// <summary>What replies wait for while the newest state is not in the log; 0 where it is.</summary>
    public long Ticket;

    /// <summary>Waits in the writer's queue.</summary>
    public bool IsQueued;

    /// <summary>Stands in its shard's queue of objects that may be packed.</summary>
    public bool IsListed;

    /// <summary>Was used since it came to the queue's front the last time.</summary>
    public bool IsUsed;

    /// <summary>No entry has the object any more.</summary>
    public bool IsDetached;
}
