using System.Globalization;
using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>Measures memory per key and restart time, one server at a time.</summary>
internal sealed class FootprintProbe(LoadOptions options, Fleet fleet, TextWriter progress)
{
    private const int SmallBytes = 100;
    private const int LargeBytes = 1024;
    private const int RestartsMax = 3;

    /// <summary>Resident memory has settled when two readings differ by less than this share.</summary>
    private const double SettledShare = 0.01;
    private const int ReadingsMax = 40;
    private static readonly TimeSpan ReadEvery = TimeSpan.FromMilliseconds(250);

    public async Task<IReadOnlyList<ReportRow>> RunAsync(Durability durability, CancellationToken cancel)
    {
        var count = options.ManyKeys.ToString("N0", CultureInfo.InvariantCulture);
        var memory = new RowRecorder($"memory per key, {count} keys of 100 B", "B", higherIsBetter: false);
        var restart = new RowRecorder($"restart, {count} keys of 1 KiB", "s", higherIsBetter: false);
        if (options.Wants(memory.Name))
            await MeasureAsync(memory, durability, MemoryAsync, cancel);
        if (options.Wants(restart.Name))
            await MeasureAsync(restart, durability, RestartAsync, cancel);
        return [.. ((RowRecorder[])[memory, restart]).Where(row => options.Wants(row.Name)).Select(row => row.Build())];
    }

    private async Task MeasureAsync(
        RowRecorder row, Durability durability, Func<RunningServer, RowRecorder, CancellationToken, Task> measure, CancellationToken cancel)
    {
        foreach (var server in fleet.Servers)
        {
            await progress.WriteLineAsync($"{durability}: {row.Name}, {server.Name}");
            await fleet.TryAsync(server, [row], async () =>
            {
                await using var running = await fleet.StartAsync(server, durability, cancel);
                await measure(running, row, cancel);
            }, cancel);
        }
    }

    private async Task MemoryAsync(RunningServer server, RowRecorder row, CancellationToken cancel)
    {
        var before = await SettledBytesAsync(server, cancel);
        await Preloader.LoadAsync(server.Endpoint, options.ManyKeys, SmallBytes, cancel);
        var after = await SettledBytesAsync(server, cancel);
        row.Add(server.Server.Name, new Sample((after - before) / (double)options.ManyKeys));
        row.Note($"{server.Server.Name} resident memory {before >> 20} MiB before, {after >> 20} MiB after");
    }

    private async Task RestartAsync(RunningServer server, RowRecorder row, CancellationToken cancel)
    {
        await Preloader.LoadAsync(server.Endpoint, options.ManyKeys, LargeBytes, cancel);
        var lastKey = KeySpace.Key(options.ManyKeys - 1);
        for (var i = 0; i < Math.Min(options.Rounds, RestartsMax); i++)
        {
            var time = await server.RestartAsync(lastKey, LargeBytes, cancel);
            row.Add(server.Server.Name, new Sample(time.TotalSeconds));
        }
        var missing = await Preloader.MissingAsync(server.Endpoint, options.ManyKeys, LargeBytes, cancel);
        row.Note($"{server.Server.Name}: {server.Means}; {missing} of 500 sampled keys missing after it");
    }

    private static async Task<long> SettledBytesAsync(RunningServer server, CancellationToken cancel)
    {
        var last = server.ResidentBytes();
        using var poll = new PeriodicTimer(ReadEvery);
        for (var i = 0; i < ReadingsMax; i++)
        {
            await poll.WaitForNextTickAsync(cancel);
            var next = server.ResidentBytes();
            if (Math.Abs(next - last) < last * SettledShare)
                return next;
            last = next;
        }
        return last;
    }
}
