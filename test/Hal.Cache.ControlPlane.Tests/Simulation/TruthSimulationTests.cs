using Xunit.Abstractions;

namespace Hal.Cache.ControlPlane.Tests.Simulation;

public sealed class TruthSimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 1000;

    [Fact]
    public async Task Content_map_equals_the_inventories_five_seconds_after_any_mix_of_faults()
    {
        long scans = 0, overflows = 0, restarts = 0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var run = new TruthSimulation(seed);
            var difference = await run.RunAsync();
            Assert.True(difference is null, $"seed {seed}: {difference}");
            scans += run.Scans;
            overflows += run.Overflows;
            restarts += run.PlaneRestarts;
        }

        output.WriteLine($"{Seeds} seeds: {scans} repairs by scan, {overflows} overflows, {restarts} restarts of the control plane");
        Assert.True(scans > Seeds && overflows > 0 && restarts > Seeds / 10, "the faults must really happen");
    }
}
