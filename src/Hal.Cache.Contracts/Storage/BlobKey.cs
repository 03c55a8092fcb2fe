namespace Hal.Cache.Contracts.Storage;

/// <summary>A key with its database number and its hash, computed once per command.</summary>
public readonly ref struct BlobKey(int database, ReadOnlySpan<byte> bytes, ulong hash)
{
    /// <summary>Longest key that a store takes, in bytes.</summary>
    public const int BytesMax = 32 << 10;

    public readonly int Database = database;

    public readonly ulong Hash = hash;

    public readonly ReadOnlySpan<byte> Bytes = bytes;
}
