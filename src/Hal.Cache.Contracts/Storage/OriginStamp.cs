using System.Buffers.Binary;

namespace Hal.Cache.Contracts.Storage;

/// <summary>What is known of a value that came from elsewhere, kept before an inline one and in a large one's manifest.</summary>
/// <param name="Validator">An origin object's validator; of a copy of an authority's key, the authority's version.</param>
/// <param name="ValidatedAt">When it was last known to be current, in Unix milliseconds; of a copy, what it is registered under.</param>
/// <param name="Until">Of a copy, the tick of the process's clock from which on it has to be asked for anew; 0 for none.</param>
public readonly record struct OriginStamp(ulong Validator, long ValidatedAt, long Until = 0)
{
    /// <summary>Size before an inline value, in bytes.</summary>
    public const int Bytes = 24;

    /// <summary>Reads a stamp from its <see cref="Bytes"/>.</summary>
    public static OriginStamp Read(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(from), BinaryPrimitives.ReadInt64LittleEndian(from[8..]), BinaryPrimitives.ReadInt64LittleEndian(from[16..]));

    /// <summary>Writes its <see cref="Bytes"/>.</summary>
    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, Validator);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], ValidatedAt);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], Until);
    }
}
