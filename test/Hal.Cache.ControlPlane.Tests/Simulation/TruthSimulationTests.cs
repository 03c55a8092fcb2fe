using Xunit.Abstractions;

namespace Hal.Cache.ControlPlane.Tests.Simulation;

public sealed class TruthSimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 1000;

    [Fact]
    public async Task Content_map_equals_the_inventories_five_seconds_after_any_mix_of_faults()
    {
        long scans = 0, overflows = 0, restarts = 0;
        await Parallel.ForAsync(0, Seeds, async (seed, _) =>
        {
            var run = new TruthSimulation(seed);
            var difference = await run.RunAsync();
            Assert.True(difference is null, $"seed {seed}: {difference}");
            Interlocked.Add(ref scans, run.Scans);
            Interlocked.Add(ref overflows, run.Overflows);
            Interlocked.Add(ref restarts, run.PlaneRestarts);
        });

        output.WriteLine($"{Seeds} seeds: {scans} repairs by scan, {overflows} overflows, {restarts} restarts of the control plane");
        Assert.True(scans > Seeds && overflows > 0 && restarts > Seeds / 10, "the faults must really happen");
    }
}
