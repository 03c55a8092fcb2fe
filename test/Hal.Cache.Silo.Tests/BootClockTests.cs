using System.Globalization;

namespace Hal.Cache.Silo.Tests;

public sealed class BootClockTests
{
    [Fact]
    public void The_monotonic_clock_is_the_kernels_uptime_which_counts_sleep()
    {
        var clock = BootClock.Instance;

        var before = Uptime();
        var seconds = (double)clock.GetTimestamp() / clock.TimestampFrequency;
        var after = Uptime();

        // The file has hundredths.
        Assert.InRange(seconds, before - 0.02, after + 0.02);
    }

    [Fact]
    public void The_time_of_day_is_the_systems()
    {
        Assert.InRange(BootClock.Instance.GetUtcNow() - TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(-5), TimeSpan.FromSeconds(5));
    }

    private static double Uptime() => double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
}
