namespace Hal.Cache.Gateway.Blocking;

/// <summary>A key of a database, copied.</summary>
internal readonly struct BlockedKey(int database, byte[] bytes, ulong hash) : IEquatable<BlockedKey>
{
    public int Database { get; } = database;

    public byte[] Bytes { get; } = bytes;

    public ulong Hash { get; } = hash;

    public bool Equals(BlockedKey other) => Database == other.Database && Hash == other.Hash && Bytes.AsSpan().SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => obj is BlockedKey other && Equals(other);

    public override int GetHashCode() => Hash.GetHashCode();
}
