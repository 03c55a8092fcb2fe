namespace Hal.Cache.Contracts.Peers;

/// <summary>Bytes of exactly one version of an object.</summary>
/// <param name="Database">Redis database of the key.</param>
/// <param name="Key">The key.</param>
/// <param name="Version">The authority's version; no other will do.</param>
/// <param name="ObjectLength">Length of that version in bytes, so that an instance that relays need not ask; 0 asks for a manifest.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Number of bytes, at least 1 and within the object.</param>
/// <param name="IsHeldOnly">Whether only bytes that the instance has are wanted: it then neither fetches nor relays.</param>
public readonly record struct RangeRequest(
    int Database, ReadOnlyMemory<byte> Key, ulong Version, long ObjectLength, long Offset, int Length, bool IsHeldOnly = false)
{
    /// <summary>Most bytes of one request.</summary>
    public const int LengthMax = 16 << 20;

    /// <summary>Bytes of a collection's manifest: the length of its blob (8), and the blob's CRC-32C (4), both little-endian.</summary>
    public const int ManifestBytes = 12;

    /// <summary>Whether what is asked for is how a collection is sent, instead of bytes of it.</summary>
    public bool AsksManifest => ObjectLength == 0;

    /// <summary>Asks the authority for a collection's manifest, which fixes the bytes that stand for this version.</summary>
    public static RangeRequest OfManifest(int database, ReadOnlyMemory<byte> key, ulong version) => new(database, key, version, 0, 0, ManifestBytes);
}
