namespace Hal.Cache.Storage.Objects;

/// <summary>Limits of objects, in bytes.</summary>
internal static class ObjectLimits
{
    /// <summary>
    /// Structures up to this size are written under their shard's lock, as one record; bigger ones without it, in chunks, while changes
    /// of them wait. Some 0.3 ms of writing.
    /// </summary>
    public const long SmallBytesMax = 256 << 10;

    /// <summary>Longest blob in one record: room for a structure whose blob is bigger than itself.</summary>
    public const int RecordBlobBytesMax = 1 << 20;

    /// <summary>Longest change in one record; for a longer one the whole object is written.</summary>
    public const int ChangeBytesMax = 256 << 10;

    /// <summary>Least bytes of changes behind a base before a new base is written.</summary>
    public const long ChangesBytesMin = 4 << 10;

    /// <summary>Most changes that an object has when it leaves memory without being written anew: each is one read when it comes back.</summary>
    public const int ShelvedChangesMax = 256;

    /// <summary>Least base of an object that leaves memory so: a smaller one is written, and its slot goes.</summary>
    public const long ShelvedChangesBaseBytesMin = 16 << 10;

    /// <summary>What a slot takes with its places in lists.</summary>
    public const int SlotManagedBytes = 128;

    /// <summary>Structures up to this size are kept as blobs while nobody uses them: some hundred nanoseconds of reading and writing.</summary>
    public const int PackedMemoryBytesMax = 1 << 10;

    /// <summary>Structures from this size on are given back without the lock.</summary>
    public const long FreedAtOnceBytesMax = 64 << 10;
}
