namespace Hal.Cache.Contracts.Storage;

/// <summary>What a key had before a change, as far as the store knows it without a look at the disk.</summary>
/// <param name="Flags">Of the entry that was there; None where there was none, or it is not known.</param>
/// <param name="Bytes">Its size as <see cref="IBlobStore.BytesOf"/> told it; of an object, whose structure changes first, what it takes now.</param>
/// <param name="Version">Version of its value in this store.</param>
/// <param name="Stamp">Of a copy whose stamp was in memory: its stamp.</param>
/// <param name="IsWhole">All of its bytes were here.</param>
public readonly record struct KeyBefore(EntryFlags Flags, long Bytes, long Version, OriginStamp? Stamp, bool IsWhole)
{
    /// <summary>False where there was nothing, or what there was is not known.</summary>
    public bool IsKnown => Flags != EntryFlags.None;
}
