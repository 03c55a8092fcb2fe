namespace Hal.Cache.Coherence;

/// <summary>One key exactly: its <see cref="KeyId"/> and its bytes, which the holder of the struct must not change.</summary>
public readonly struct ObjectKey(KeyId id, ReadOnlyMemory<byte> bytes) : IEquatable<ObjectKey>
{
    public KeyId Id { get; } = id;

    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public static bool operator ==(ObjectKey left, ObjectKey right) => left.Equals(right);

    public static bool operator !=(ObjectKey left, ObjectKey right) => !left.Equals(right);

    public bool Equals(ObjectKey other) => Id == other.Id && Bytes.Span.SequenceEqual(other.Bytes.Span);

    public override bool Equals(object? obj) => obj is ObjectKey other && Equals(other);

    public override int GetHashCode() => Id.GetHashCode();
}
