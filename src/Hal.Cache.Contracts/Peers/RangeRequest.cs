namespace Hal.Cache.Contracts.Peers;

/// <summary>Bytes of exactly one version of an object.</summary>
/// <param name="Database">Redis database of the key.</param>
/// <param name="Key">The key.</param>
/// <param name="Version">The authority's version; no other will do.</param>
/// <param name="ObjectLength">Length of that version in bytes, so that an instance that relays need not ask.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Number of bytes, at least 1 and within the object.</param>
public readonly record struct RangeRequest(
    int Database, ReadOnlyMemory<byte> Key, ulong Version, long ObjectLength, long Offset, int Length)
{
    /// <summary>Most bytes of one request.</summary>
    public const int LengthMax = 16 << 20;
}
