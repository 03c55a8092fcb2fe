using Hal.Cache.Contracts.Storage;

namespace Hal.Cache.ControlPlane.Ownership;

/// <summary>Hash slots, and the ownership records that they lie in.</summary>
public static class HashSlot
{
    public const int Count = HashSlots.Count;

    /// <summary>Slots of one ownership record.</summary>
    public const int PerRecord = 64;

    /// <summary>Ownership records of a tree: few enough for batches, many enough to spread.</summary>
    public const int Records = Count / PerRecord;

    /// <summary>The slot of a key.</summary>
    public static int Of(ReadOnlySpan<byte> key) => HashSlots.Of(key);

    public static int Record(int slot) => slot / PerRecord;
}
