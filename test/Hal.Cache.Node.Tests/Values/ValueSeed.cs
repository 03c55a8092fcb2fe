using System.Globalization;
using System.Text;

namespace Hal.Cache.Node.Tests.Values;

/// <summary>Chance for tests of values: a seed that can be given again, and byte strings of many shapes.</summary>
internal static class ValueSeed
{
    /// <summary>Seeds that every run takes, and one of its own; HAL_SEED gives one alone.</summary>
    public static TheoryData<int> All =>
        int.TryParse(Environment.GetEnvironmentVariable("HAL_SEED"), NumberStyles.Integer, CultureInfo.InvariantCulture, out int seed)
            ? [seed]
            : [1, 2, 3, Random.Shared.Next()];

    /// <summary>A string out of about so many, with integers, empty ones, and now and then a long one.</summary>
    public static string Text(Random random, int variety) => random.Next(12) switch
    {
        0 => random.Next(-variety, variety).ToString(CultureInfo.InvariantCulture),
        1 => (random.NextInt64() * (random.Next(2) == 0 ? 1 : -1) >> random.Next(63)).ToString(CultureInfo.InvariantCulture),
        2 => "",
        3 => new string('x', random.Next(50, 200)),
        4 => "0" + random.Next(10),
        _ => "m" + random.Next(variety).ToString(CultureInfo.InvariantCulture),
    };

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
