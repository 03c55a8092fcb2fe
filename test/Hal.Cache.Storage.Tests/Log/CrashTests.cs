using System.Diagnostics;
using System.Globalization;
using Hal.Cache.Storage.Log;

namespace Hal.Cache.Storage.Tests.Log;

public sealed class CrashTests : IDisposable
{
    private const int Kills = 10;
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Everything_acknowledged_survives_SIGKILL_at_any_time()
    {
        const int seed = 31;
        var random = new Random(seed);
        var acknowledged = new HashSet<long>();
        long first = 0;
        var truncated = 0L;
        for (var kill = 0; kill < Kills; kill++)
        {
            var numbers = await RunAndKillAsync(first, random.Next(1, 600));
            acknowledged.UnionWith(numbers);

            await using var host = LogHost.Open(temp.Sub("a"));
            var scan = host.Scan();

            var where = $"seed {seed}, kill {kill}";
            Assert.True(scan.Damage.Count == 0, $"{where}: {string.Join(' ', scan.Damage)}");
            var found = scan.Records.Select(record => record.Number).ToHashSet();
            Assert.True(acknowledged.IsSubsetOf(found), $"{where}: missing {string.Join(' ', acknowledged.Except(found))}");
            Assert.All(scan.Records, record => Assert.Equal(CrashWriter.LengthOf(record.Number), record.ValueLength));
            first = found.Max() + 1;
            truncated = host.Log.BeginAddress;
        }

        Assert.True(truncated > 0 && acknowledged.Count > Kills, "the runs wrote and reclaimed");
    }

    [Fact]
    public async Task Directory_in_use_by_another_process_is_refused_naming_it_and_free_once_that_is_killed()
    {
        using var child = Start(0);
        Assert.NotNull(await child.StandardOutput.ReadLineAsync().WaitAsync(LogHost.Patience));

        var opened = DataDirectory.Open(temp.Sub("a"));
        child.Kill();
        await child.WaitForExitAsync().WaitAsync(LogHost.Patience);

        Assert.Contains($"in use by process {child.Id}.", opened.Error!.Message, StringComparison.Ordinal);
        using var free = DataDirectory.Open(temp.Sub("a")).Value;
        Assert.True(free.HasLog);
    }

    private async Task<List<long>> RunAndKillAsync(long first, int lines)
    {
        using var child = Start(first);
        var numbers = new List<long>();
        try
        {
            while (await child.StandardOutput.ReadLineAsync().WaitAsync(LogHost.Patience) is { } line)
            {
                // The last line may be torn by the kill; a whole one has its end.
                numbers.Add(long.Parse(line, CultureInfo.InvariantCulture));
                if (numbers.Count == lines)
                    child.Kill(); // SIGKILL
            }
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync().WaitAsync(LogHost.Patience);
        }

        return numbers;
    }

    private Process Start(long first)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (var argument in new[] { "exec", typeof(CrashTests).Assembly.Location, "crash-log", temp.Sub("a"), $"{first}" })
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
