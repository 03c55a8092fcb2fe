using System.Diagnostics;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Tests.Servers;

public sealed class ChildProcessesTests
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Output_fails_with_code_and_errors_when_a_program_fails()
    {
        using var children = new ChildProcesses();

        var failure = await Assert.ThrowsAsync<BenchmarkException>(
            () => children.OutputAsync("/bin/sh", ["-c", "echo broken >&2; exit 3"], CancellationToken.None));

        Assert.Equal("sh ended with code 3: broken", failure.Message);
    }

    [Fact]
    public async Task Output_fails_when_there_is_no_such_program()
    {
        using var children = new ChildProcesses();

        var failure = await Assert.ThrowsAsync<BenchmarkException>(
            () => children.OutputAsync("/no/such/program", [], CancellationToken.None));

        Assert.StartsWith("program cannot be started", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_kills_a_program_that_does_not_end()
    {
        using var children = new ChildProcesses();

        var failure = await Assert.ThrowsAsync<BenchmarkException>(
            () => children.OutputAsync("/bin/sh", ["-c", "read line < /dev/zero"], CancellationToken.None, TimeSpan.FromMilliseconds(200)));

        Assert.Contains("did not end", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_ends_what_still_runs()
    {
        var children = new ChildProcesses();
        var child = children.Start(new LaunchPlan("/bin/sh", ["-c", "echo ready; read line < /dev/zero"], "ready"), Path.GetTempPath());
        await child.Ready.WaitAsync(WaitMax);
        using var watched = Process.GetProcessById(child.Id);

        children.Dispose();

        using var limit = new CancellationTokenSource(WaitMax);
        await watched.WaitForExitAsync(limit.Token);
        Assert.True(watched.HasExited);
    }
}
