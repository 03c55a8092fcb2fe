using System.Globalization;
using Xunit.Abstractions;

namespace Hal.Cache.Transport.Tests;

public sealed class ShortTurnsTests(ITestOutputHelper output)
{
    [Fact]
    public void A_thread_asks_for_itself_and_not_for_those_that_it_starts()
    {
        long? own = null, started = null, before = null;
        bool isTaken = false;
        Run(() =>
        {
            before = Slice();
            isTaken = ShortTurns.Ask();
            own = Slice();
            Run(() => started = Slice());
        });

        if (before is null || !isTaken || Environment.OSVersion.Version < new Version(6, 12))
        {
            output.WriteLine("this kernel does not tell a thread's slice, or lets nobody choose it");
            return;
        }

        Assert.True(own < before, $"{before} before, {own} now");
        Assert.Equal(before, started);
    }

    private static void Run(ThreadStart work)
    {
        var thread = new Thread(work);
        thread.Start();
        thread.Join();
    }

    /// <summary>Nanoseconds of the calling thread's turn, as the scheduler tells; null where it does not.</summary>
    private static long? Slice()
    {
        const string Path = "/proc/thread-self/sched";
        string? line = File.Exists(Path) ? File.ReadLines(Path).FirstOrDefault(line => line.StartsWith("se.slice", StringComparison.Ordinal)) : null;
        return line is null ? null : long.Parse(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..], NumberStyles.Any, CultureInfo.InvariantCulture);
    }
}
