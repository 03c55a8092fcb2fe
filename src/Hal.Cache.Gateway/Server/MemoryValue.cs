using System.Globalization;

namespace Hal.Cache.Gateway.Server;

/// <summary>Sizes as CONFIG SET takes them: a whole number and a unit, <c>k m g</c> by powers of 1000, <c>kb mb gb</c> by powers of 1024.</summary>
internal static class MemoryValue
{
    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("gb", 1L << 30), ("mb", 1L << 20), ("kb", 1L << 10), ("g", 1_000_000_000), ("m", 1_000_000), ("k", 1_000), ("b", 1), ("", 1),
    ];

    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        (string unit, long factor) = Array.Find(Units, each => text.EndsWith(each.Unit, StringComparison.OrdinalIgnoreCase));
        if (!long.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > long.MaxValue / factor)
            return false;
        bytes = number * factor;
        return true;
    }
}
