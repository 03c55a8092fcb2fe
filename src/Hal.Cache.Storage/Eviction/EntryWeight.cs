using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.Storage.Eviction;

/// <summary>What an entry counts for in a share of walked bytes.</summary>
internal static unsafe class EntryWeight
{
    /// <summary>Bytes of header, key and value; of a large value one chunk, which is what a walk meets at a time.</summary>
    public static long Of(in EntryRef entry) =>
        EntryHeader.Bytes + entry.Key.Length + (entry.IsLarge ? IBlobStore.ChunkBytes : (int)entry.Header->ValueBytes);
}
