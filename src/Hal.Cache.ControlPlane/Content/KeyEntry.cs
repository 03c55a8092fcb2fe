namespace Hal.Cache.ControlPlane.Content;

/// <summary>A key in the content map: 24 bytes.</summary>
internal struct KeyEntry
{
    public const int Bytes = 24;

    public uint Hash;

    /// <summary>Next entry of the bucket, 0 at the end.</summary>
    public int Next;

    public int KeyAt;

    /// <summary>First copy; 0 where the entry is free.</summary>
    public int FirstCopy;

    public ushort KeyLength;

    public ushort Database;

    /// <summary>Slot within the record.</summary>
    public byte Slot;
}
