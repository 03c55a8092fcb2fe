using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage;

/// <summary>Settings of a store.</summary>
public sealed class BlobStoreOptions
{
    /// <summary>Least memory with which a store works sensibly, in bytes.</summary>
    public const long MemoryBytesMin = 64L << 20;

    /// <summary>Least disk with which a store works sensibly, in bytes.</summary>
    public const long DiskBytesMin = 256L << 20;

    /// <summary>Directory of the log; null keeps everything in memory.</summary>
    public string? Directory { get; init; }

    /// <summary>Memory for values, keys, tables and the log's buffer, in bytes.</summary>
    public long MemoryBytes { get; init; } = 512L << 20;

    /// <summary>Size that the data directory may have, in bytes.</summary>
    public long DiskBytes { get; init; } = 8L << 30;

    public StoreDurability Durability { get; init; } = StoreDurability.Commit;

    /// <summary>Reads objects back from the log; a store without it can neither load nor clone them.</summary>
    public IObjectCodec? ObjectCodec { get; init; }

    /// <summary>Small objects that stay structures since they were used last; others are kept as blobs, which take less memory.</summary>
    public int UnpackedObjectsMax { get; init; } = 4096;

    /// <summary>Under <see cref="StoreDurability.None"/>: time between two saves of what has changed.</summary>
    public TimeSpan SaveInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Time between two looks for expired entries.</summary>
    public TimeSpan ExpiryInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Seed of the hash of keys; null takes a random one. Instances of one tree share one, which must be secret.</summary>
    public ulong? HashSeed { get; init; }

    /// <summary>Whether other processes of this machine may map the values' memory, where the system has such memory.</summary>
    public bool IsShared { get; init; }

    /// <summary>Every version that the store gives from now on is above this one.</summary>
    public long VersionFloor { get; init; }

    /// <summary>
    /// Told once at the end of a walk over the log that found damage: what lay there is skipped, so that an older value of a key may be back. The first
    /// walk is at the start, within <see cref="BlobStores.Open"/>; later ones reclaim.
    /// </summary>
    public Action<LogDamage>? Damaged { get; init; }

    /// <summary>The rule that a setting breaks, with the setting and its value; null when all are fine.</summary>
    public string? Problem()
    {
        if (MemoryBytes < MemoryBytesMin)
            return $"MemoryBytes is {MemoryBytes}; it must be at least {MemoryBytesMin}.";
        if (Directory != null && DiskBytes < DiskBytesMin)
            return $"DiskBytes is {DiskBytes}; it must be at least {DiskBytesMin}.";
        if (UnpackedObjectsMax < 0)
            return $"UnpackedObjectsMax is {UnpackedObjectsMax}; it must not be negative.";
        return null;
    }
}
