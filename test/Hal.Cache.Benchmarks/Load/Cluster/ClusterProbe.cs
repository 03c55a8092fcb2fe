using System.Diagnostics;
using System.Globalization;
using Hal.Cache.Benchmarks.Load.Plane;
using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;
using Hal.Cache.Contracts.ControlPlane;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Benchmarks.Load.Cluster;

/// <summary>Measures the cluster's table: one control plane by four ways, and what the death of a silo costs.</summary>
internal sealed class ClusterProbe(LoadOptions options, ChildProcesses children, TextWriter progress)
{
    private const string Three = "3 silos";
    private const string One = "1 silo";
    private const string Http = "http";
    private const string Local = "in process";
    private const int Asked = 10_000;
    private const int Seed = 31;
    private const int ManyCallers = 64;

    private readonly RowRecorder one = new("Locate, 1 caller", "k calls/s / p99 ms", higherIsBetter: true);
    private readonly RowRecorder many = new($"Locate, {ManyCallers} callers", "k calls/s / p99 ms", higherIsBetter: true);
    private readonly RowRecorder events = new("events: key changes in batches of 1,000, one after the other", "k changes/s", higherIsBetter: true);
    private readonly RowRecorder memory = new(
        string.Create(CultureInfo.InvariantCulture, $"resident memory of all silos for each of {options.ManyKeys:N0} keys"), "B", higherIsBetter: false);

    public static IReadOnlyList<string> Columns { get; } = [Three, One, Http, Local];

    public async Task<ReportTable> RunAsync(CancellationToken cancel)
    {
        var version = await new SiloServer(children).PrepareAsync(cancel);
        RowRecorder[] planes = [one, many, events, memory];
        if (planes.Any(row => options.Wants(row.Name)))
        {
            await CellAsync(Local, () => PlaneSeat.InProcessAsync(cancel), cancel);
            await CellAsync(Http, () => Task.FromResult(PlaneSeat.Http()), cancel);
            await CellAsync(One, () => PlaneSeat.ClusterAsync(1, cancel), cancel);
            await CellAsync(Three, () => PlaneSeat.ClusterAsync(3, cancel), cancel);
        }
        foreach (var row in new[] { one, many })
            row.Note($"p50: {string.Join(", ", Columns.Select(column => Median(column, row)).OfType<string>())}");
        var deaths = new DeathProbe(options, Three, progress);
        await deaths.RunAsync(cancel);
        return new ReportTable(LoadTable.Cluster, [.. planes.Concat(deaths.Rows).Where(row => options.Wants(row.Name)).Select(row => row.Build())], [("hal", version)]);
    }

    private async Task CellAsync(string column, Func<Task<PlaneSeat>> seat, CancellationToken cancel)
    {
        await progress.WriteLineAsync($"cluster: {column}");
        try
        {
            if (column is One or Three && ClusterClient.Missing is { } missing)
                throw new BenchmarkException(missing);
            await using var sits = await seat();
            await MeasureAsync(column, sits, cancel);
        }
        catch (BenchmarkException failure)
        {
            foreach (var row in new[] { one, many, events, memory })
                row.Fail(column, failure.Message);
        }
    }

    private async Task MeasureAsync(string column, PlaneSeat seat, CancellationToken cancel)
    {
        await using var instances = await ReportingInstances.StartAsync(seat.Plane, cancel);
        var warm = await instances.ReportAsync(0, Asked, cancel);
        var before = Resident(seat);
        var rate = await instances.ReportAsync(Asked, options.ManyKeys, cancel);
        events.Add(column, new Sample(rate / 1000));
        events.Note(string.Create(CultureInfo.InvariantCulture, $"{column}: the first {Asked:N0} at {warm / 1000:N0} k/s"));
        if (seat.Pids.Count > 0)
            memory.Add(column, new Sample((Resident(seat) - before) / (double)options.ManyKeys));
        memory.Note("what the collectors have not given back is in it");

        await LocateAsync(seat.Plane, ManyCallers, cancel); // compiled
        for (var round = 0; round < options.Rounds; round++)
        {
            one.Add(column, await LocateAsync(seat.Plane, 1, cancel));
            many.Add(column, await LocateAsync(seat.Plane, ManyCallers, cancel));
        }
    }

    private async Task<Sample> LocateAsync(IControlPlane plane, int callers, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var times = await Task.WhenAll(Enumerable.Range(0, callers).Select(
            caller => Task.Run(() => CallAsync(plane, new Random(Seed + caller), started, cancel), cancel)));
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        long[] all = [.. times.SelectMany(t => t)];
        return Sample.Of(all, all.Length / elapsed / 1000);
    }

    private async Task<List<long>> CallAsync(IControlPlane plane, Random random, long started, CancellationToken cancel)
    {
        var times = new List<long>();
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < options.Seconds)
        {
            var key = SimulatedTree.Key(random.Next(options.ManyKeys));
            var since = Stopwatch.GetTimestamp();
            var found = await plane.Content.LocateAsync(key, cancel);
            times.Add(Stopwatch.GetTimestamp() - since);
            if (!found.IsOk || found.Value.Holders.Count != 1)
                throw new BenchmarkException($"{key} is not at the one instance that reported it: {found}");
        }
        return times;
    }

    private static string? Median(string column, RowRecorder row) =>
        row.Build().Samples.GetValueOrDefault(column)?.P50Ms is { } p50 ? string.Create(CultureInfo.InvariantCulture, $"{column} {p50 * 1000:0.0} us") : null;

    private static long Resident(PlaneSeat seat) => seat.Pids.Sum(ProcessUsage.ResidentBytes);
}
