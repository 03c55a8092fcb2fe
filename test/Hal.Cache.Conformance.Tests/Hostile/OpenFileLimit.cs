using System.Globalization;

namespace Hal.Cache.Conformance.Tests.Hostile;

/// <summary>How many files this process may have open; the runtime raises the soft limit to the hard one at start.</summary>
internal static class OpenFileLimit
{
    private const string Field = "Max open files";

    /// <summary>The hard limit of this process.</summary>
    public static long Hard()
    {
        var line = File.ReadLines("/proc/self/limits").First(one => one.StartsWith(Field, StringComparison.Ordinal));
        var hard = line[Field.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return long.TryParse(hard, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : long.MaxValue;
    }
}
