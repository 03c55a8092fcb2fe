using System.Globalization;

namespace Hal.Cache.Silo.Settings;

/// <summary>Sizes as Redis writes them: a whole number and a unit, <c>k m g</c> by powers of 1000, <c>kb mb gb</c> by powers of 1024.</summary>
internal static class ByteSize
{
    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("gb", 1L << 30), ("mb", 1L << 20), ("kb", 1L << 10), ("g", 1_000_000_000), ("m", 1_000_000), ("k", 1_000), ("b", 1), ("", 1),
    ];

    /// <summary>Reads a size in bytes; no sign, no fraction, no space, units in any case.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        foreach (var (unit, factor) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)) continue;
            if (!long.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return false;
            if (number > long.MaxValue / factor) return false;
            bytes = number * factor;
            return true;
        }
        return false;
    }

    /// <summary>The shortest exact way to write a size, such as <c>512mb</c>.</summary>
    public static string Format(long bytes)
    {
        foreach (var (unit, factor) in Units)
        {
            if (unit.Length == 2 && bytes != 0 && bytes % factor == 0) return string.Create(CultureInfo.InvariantCulture, $"{bytes / factor}{unit}");
        }
        return bytes.ToString(CultureInfo.InvariantCulture);
    }
}
