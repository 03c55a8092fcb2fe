using System.Buffers.Binary;

namespace Hal.Cache.Conformance.Tests.Durability;

/// <summary>A value that tells by itself which one it is, and whether any byte of it is another's: 4 bytes of seed, 4 of length, then noise of that seed.</summary>
internal static class KillValue
{
    public const int BytesMin = 16;

    /// <summary>The value of that seed and length; the length is at least <see cref="BytesMin"/>.</summary>
    public static byte[] Make(int seed, int length)
    {
        var value = new byte[length];
        BinaryPrimitives.WriteInt32LittleEndian(value, seed);
        BinaryPrimitives.WriteInt32LittleEndian(value.AsSpan(4), length);
        new Random(seed).NextBytes(value.AsSpan(8));
        return value;
    }

    /// <summary>A name of the value that states compare by: <c>seed/length</c>, or what is wrong with the bytes.</summary>
    public static string Name(ReadOnlySpan<byte> value)
    {
        if (value.Length < BytesMin) return System.Text.Encoding.Latin1.GetString(value);
        var seed = BinaryPrimitives.ReadInt32LittleEndian(value);
        var length = BinaryPrimitives.ReadInt32LittleEndian(value[4..]);
        if (length == value.Length && Make(seed, length).AsSpan().SequenceEqual(value)) return Name(seed, length);
        return $"torn: {value.Length} bytes that begin as {Name(seed, length)}";
    }

    public static string Name(int seed, int length) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{seed}/{length}");
}
