using Hal.Cache.Testing.Processes;
using Xunit.Abstractions;

namespace Hal.Cache.Conformance.Tests.Walks;

/// <summary>The sample's walk, as a new user runs it.</summary>
public sealed class QuickStartTests(ITestOutputHelper output)
{
    private static readonly TimeSpan WalkWait = TimeSpan.FromMinutes(5);

    [Fact]
    public void QuickStart_reads_a_directory_cold_warm_without_it_and_after_a_restart()
    {
        if (ClientWalks.Missing("tree.sh") is { } missing)
        {
            output.WriteLine($"Left out: {missing}.");
            return;
        }

        using var run = new ChildProcess("bash", [Path.Combine(RepositoryPaths.Root, "samples", "QuickStart", "run.sh")]);
        var code = run.WaitExit(WalkWait);

        output.WriteLine(run.Output);
        Assert.True(code == 0, run.Output);
    }
}
