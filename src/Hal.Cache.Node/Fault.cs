namespace Hal.Cache.Node;

/// <summary>
/// Something that a lookup or a change found missing; it is awaited outside of the locks, then the command runs anew.
/// </summary>
/// <param name="Kind">What is missing.</param>
/// <param name="Need">What the lookup asked for.</param>
/// <param name="Database">Database of the key.</param>
/// <param name="Key">The key, copied; empty where <paramref name="Kind"/> is <see cref="FaultKind.Room"/>.</param>
/// <param name="Bytes">Bytes that need room; 0 for the other kinds.</param>
public readonly record struct Fault(FaultKind Kind, Need Need, int Database, ReadOnlyMemory<byte> Key, long Bytes)
{
    public static Fault Room(long bytes) => new(FaultKind.Room, Need.Meta, 0, default, bytes);
}
