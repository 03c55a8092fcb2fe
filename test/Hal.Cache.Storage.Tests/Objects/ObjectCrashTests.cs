using System.Diagnostics;
using System.Globalization;
using Hal.Cache.Contracts.Storage;
using Hal.Cache.Storage.Tests.Log;

namespace Hal.Cache.Storage.Tests.Objects;

public sealed class ObjectCrashTests : IDisposable
{
    private const int Kills = 6;
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public async Task Acknowledged_changes_survive_SIGKILL_once_each_and_in_their_order()
    {
        const int seed = 17;
        var random = new Random(seed);
        var acknowledged = new long[ObjectCrashWriter.Writers];
        Array.Fill(acknowledged, -1);
        for (int kill = 0; kill < Kills; kill++)
        {
            await RunAndKillAsync(random.Next(200, 3000), acknowledged);
            string where = $"seed {seed}, kill {kill}";

            await using IBlobStore store = ObjectCrashWriter.Open(temp.Sub("a"));

            Assert.True(store.Statistics.Corrupt == 0, $"{where}: {store.Statistics.Corrupt} corrupt");
            for (int writer = 0; writer < acknowledged.Length; writer++)
            {
                long[]? numbers = await ObjectCrashWriter.NumbersAsync(store, writer);
                if (acknowledged[writer] < 0)
                    continue;
                Assert.True(numbers is { Length: > 0 }, $"{where}: writer {writer} has no object");
                Assert.True(numbers[^1] >= acknowledged[writer], $"{where}: writer {writer} has {numbers[^1]} of {acknowledged[writer]}");
                Assert.True(numbers[0] % ObjectCrashWriter.NumbersMax == 0, $"{where}: writer {writer} begins with {numbers[0]}");
                for (int index = 1; index < numbers.Length; index++)
                    Assert.True(numbers[index] == numbers[index - 1] + 1, $"{where}: writer {writer} has {numbers[index]} after {numbers[index - 1]}");
            }
        }

        Assert.True(acknowledged.Max() > ObjectCrashWriter.NumbersMax, $"the runs began objects anew: {string.Join(' ', acknowledged)}");
    }

    private async Task RunAndKillAsync(int lines, long[] acknowledged)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        foreach (string argument in new[] { "exec", typeof(ObjectCrashTests).Assembly.Location, "crash-objects", temp.Sub("a") })
            start.ArgumentList.Add(argument);
        using Process child = Process.Start(start)!;
        try
        {
            for (int line = 0; await child.StandardOutput.ReadLineAsync().WaitAsync(LogHost.Patience) is { } text; line++)
            {
                if (line >= lines)
                {
                    child.Kill(); // SIGKILL
                    break;        // what it still printed may be torn
                }

                string[] parts = text.Split(' ');
                acknowledged[int.Parse(parts[0], CultureInfo.InvariantCulture)] = long.Parse(parts[1], CultureInfo.InvariantCulture);
            }
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync().WaitAsync(LogHost.Patience);
        }
    }
}
