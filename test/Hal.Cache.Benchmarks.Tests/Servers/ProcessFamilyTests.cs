using System.Diagnostics;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Tests.Servers;

public sealed class ProcessFamilyTests
{
    [Fact]
    public void A_process_that_lives_has_memory_and_one_that_has_ended_has_none()
    {
        using var child = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        int[] pids = [child.Id];
        Assert.True(ProcessFamily.ResidentBytes(pids) > 0);
        ProcessFamily.ForgetPeak(pids);
        Assert.True(ProcessFamily.PeakBytes(pids) > 0);

        child.StandardInput.Close();
        child.WaitForExit();

        Assert.Equal(0, ProcessFamily.ResidentBytes(pids));
        ProcessFamily.ForgetPeak(pids);
        Assert.Equal(0, ProcessFamily.PeakBytes(pids));
        Assert.Equal(0, ProcessFamily.CpuSeconds(pids));
    }
}
