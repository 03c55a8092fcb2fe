namespace Hal.Cache.Node.Values;

/// <summary>A place of a <see cref="ByteTable"/>: an item, its key's hash and length; no item where it is free.</summary>
internal struct TableSlot
{
    public byte[]? Item;
    public uint Hash;
    public int KeyBytes;
}
