using System.Globalization;

namespace Hal.Cache.Conformance.Tests.Servers;

/// <summary>Numbers that a run can be given from outside: the seed to replay, and sizes beyond the default.</summary>
internal static class TestSeed
{
    /// <summary>HAL_TEST_SEED when it is set, otherwise the suite's own fixed seed.</summary>
    public static int Of(int standard) => (int)Number("HAL_TEST_SEED", standard);

    /// <summary>The environment variable as a number; the standard where it is not set or not a number.</summary>
    public static long Number(string variable, long standard) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : standard;
}
