using System.Diagnostics;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Tests.Servers;

public sealed class ProcessMeterTests
{
    [Fact]
    public void A_process_that_ends_meanwhile_counts_for_nothing()
    {
        using var child = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        child.StandardInput.WriteLine("here");
        Assert.Equal("here", child.StandardOutput.ReadLine());
        var both = new ProcessMeter([child.Id, Environment.ProcessId]);
        var own = new ProcessMeter([Environment.ProcessId]);

        child.StandardInput.Close();
        child.WaitForExit();
        var grown = new byte[64 << 20];
        Array.Fill<byte>(grown, 1);

        var ended = new ProcessMeter([child.Id]);
        Assert.Equal((0, 0), (ended.GrowthBytes, ended.SpentSeconds));
        Assert.InRange(both.GrowthBytes, 32 << 20, 1L << 40);
        Assert.InRange(own.GrowthBytes, 32 << 20, 1L << 40);
        Assert.InRange(both.SpentSeconds, 0, 1e6);
        GC.KeepAlive(grown);
    }
}
