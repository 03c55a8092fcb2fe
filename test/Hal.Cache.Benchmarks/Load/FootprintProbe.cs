using System.Globalization;
using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>Measures memory per key or item and restart time, one server at a time.</summary>
internal sealed class FootprintProbe(LoadOptions options, Fleet fleet, TextWriter progress)
{
    private const int SmallBytes = 100;
    private const int LargeBytes = 1024;
    private const int RestartsMax = 3;
    private const int MembersAtOnce = 100;

    /// <summary>Resident memory has settled when two readings differ by less than this share.</summary>
    private const double SettledShare = 0.01;
    private const int ReadingsMax = 40;
    private static readonly TimeSpan ReadEvery = TimeSpan.FromMilliseconds(250);

    public async Task<IReadOnlyList<ReportRow>> RunAsync(LoadTable table, CancellationToken cancel)
    {
        var count = options.ManyKeys.ToString("N0", CultureInfo.InvariantCulture);
        (string Name, string Unit, Func<RunningServer, RowRecorder, CancellationToken, Task> Measure)[] rows = table == LoadTable.Types
            ?
            [
                ($"memory per hash, {count} hashes of 3 fields", "B", (server, row, end) => MemoryAsync(server, row, Hashes(), end)),
                ($"memory per member, one sorted set of {count}", "B", (server, row, end) => MemoryAsync(server, row, Members(), end)),
            ]
            :
            [
                ($"memory per key, {count} keys of 100 B", "B", MemoryAsync),
                ($"restart, {count} keys of 1 KiB", "s", RestartAsync),
            ];
        var built = new List<ReportRow>();
        foreach (var (name, unit, measure) in rows.Where(row => options.Wants(row.Name)))
        {
            var row = new RowRecorder(name, unit, higherIsBetter: false);
            await MeasureAsync(row, table.Durability, measure, cancel);
            built.Add(row.Build());
        }
        return built;
    }

    private IEnumerable<string[]> Hashes() => Enumerable.Range(0, options.ManyKeys)
        .Select(at => (string[])["HSET", $"hash:{at}", "name", $"name{at}", "age", $"{at % 100}", "city", "somewhere"]);

    private IEnumerable<string[]> Members() => Enumerable.Range(0, options.ManyKeys)
        .Chunk(MembersAtOnce).Select(part => (string[])["ZADD", "zset", .. part.SelectMany(at => (string[])[$"{at}", $"member:{at}"])]);

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

    private Task MemoryAsync(RunningServer server, RowRecorder row, CancellationToken cancel) =>
        MemoryAsync(server, row, () => Preloader.LoadAsync(server.Endpoint, options.ManyKeys, SmallBytes, cancel), cancel);

    private Task MemoryAsync(RunningServer server, RowRecorder row, IEnumerable<string[]> commands, CancellationToken cancel) =>
        MemoryAsync(server, row, () => CommandLoader.LoadAsync(server.Endpoint, commands, cancel), cancel);

    private async Task MemoryAsync(RunningServer server, RowRecorder row, Func<Task> load, CancellationToken cancel)
    {
        var before = await SettledBytesAsync(server, cancel);
        await load();
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
