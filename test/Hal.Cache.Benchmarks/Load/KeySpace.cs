using System.Buffers.Text;
using System.Globalization;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>The keys that <c>redis-benchmark -r</c> draws from: <c>key:</c> and twelve digits, from zero.</summary>
internal static class KeySpace
{
    public const int KeysMax = 100_000;
    public const long DataBytesMax = 256_000_000;
    public const int KeyBytes = 16;
    private const int Digits = 12;

    /// <summary>How many keys of a size are in play: at most <see cref="KeysMax"/> and <see cref="DataBytesMax"/> of values.</summary>
    public static int KeysFor(int valueBytes) => (int)Math.Min(KeysMax, DataBytesMax / valueBytes);

    public static string Key(int number) => string.Create(CultureInfo.InvariantCulture, $"key:{number:D12}");

    /// <summary>Writes a key's digits over the last twelve bytes of <paramref name="key"/>.</summary>
    public static void WriteDigits(Span<byte> key, int number) =>
        Utf8Formatter.TryFormat(number, key[^Digits..], out _, new System.Buffers.StandardFormat('D', Digits));
}
