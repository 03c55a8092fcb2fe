using System.Globalization;

namespace Hal.Cache.Gateway.Server;

/// <summary>Sizes as CONFIG SET takes them: a whole number and a unit, <c>k m g</c> by powers of 1000, <c>kb mb gb</c> by powers of 1024.</summary>
internal static class MemoryValue
{
    private static readonly (string Unit, ulong Bytes)[] Units =
    [
        ("gb", 1L << 30), ("mb", 1L << 20), ("kb", 1L << 10), ("g", 1_000_000_000), ("m", 1_000_000), ("k", 1_000), ("b", 1), ("", 1),
    ];

    /// <summary>Reads a size, without a number as 0; one that is too large is the largest there is.</summary>
    public static bool TryParse(string text, out ulong bytes)
    {
        bytes = 0;
        (string unit, ulong factor) = Array.Find(Units, each => text.EndsWith(each.Unit, StringComparison.OrdinalIgnoreCase));
        string digits = text[..^unit.Length];
        if (!digits.All(char.IsAsciiDigit)) return false;
        if (digits.Length == 0) return true;
        bytes = ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) && number <= ulong.MaxValue / factor ? number * factor : ulong.MaxValue;
        return true;
    }
}
