namespace Hal.Cache.ControlPlane.Content;

/// <summary>One instance's copy of a key: 24 bytes.</summary>
internal struct Copy
{
    public const int Bytes = 24;

    public long SizeBytes;

    public long Version;

    /// <summary>Next copy of the key, 0 at the end.</summary>
    public int Next;

    /// <summary>The instance's number in the registry.</summary>
    public ushort Instance;

    /// <summary>The repair in which it was told last.</summary>
    public byte Told;
}
