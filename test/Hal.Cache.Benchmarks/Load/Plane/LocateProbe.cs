using System.Diagnostics;
using System.Globalization;
using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Benchmarks.Load.Plane;

/// <summary>Locate calls of one thread over few and many keys and instances, what a key takes, and a scheduler's question.</summary>
internal sealed class LocateProbe(LoadOptions options, TextWriter progress)
{
    private const int Asked = 100_000;
    private const int CallsAtOnce = 1000;
    private const int Seed = 20_601;
    private const int JobKeys = 100_000;

    /// <summary>Ten times slower than flat is not flat; this is what may differ.</summary>
    private const double FlatWithin = 1.5;

    /// <summary>Memory that must be free for each key, with what doubling arrays takes meanwhile, in bytes.</summary>
    private const long BytesOfKeyMax = 600;

    private const string MemInfo = "/proc/meminfo";

    private Sample? reference;

    public async Task<IReadOnlyList<ReportRow>> RunAsync(CancellationToken cancel)
    {
        var rows = new List<ReportRow>();
        foreach (var keys in (int[])[options.ManyKeys, options.ManyKeys * 10])
        {
            foreach (var instances in (int[])[4, 64])
                rows.AddRange(await CellAsync(keys, instances, cancel));
        }
        return rows;
    }

    private async Task<IReadOnlyList<ReportRow>> CellAsync(int keys, int instances, CancellationToken cancel)
    {
        var of = string.Create(CultureInfo.InvariantCulture, $"{keys:N0} keys, {instances} instances");
        var isFirst = reference is null;
        var rate = new RowRecorder($"Locate, {of}", "k calls/s / p99 ms", higherIsBetter: true, isFirst ? null : Aim.AtLeast(1 / FlatWithin, "reference"));
        var memory = new RowRecorder($"memory for each key and holder, its {SimulatedTree.KeyBytes} bytes not counted, {of}", "B", higherIsBetter: false, Aim.AtMost(120));
        var job = new RowRecorder($"affinity of {Math.Min(JobKeys, keys):N0} keys, {of}", "ms", higherIsBetter: false, Aim.AtMost(200));
        List<RowRecorder> rows = instances == 64 && keys == options.ManyKeys ? [rate, memory, job] : [rate, memory];
        rows.RemoveAll(row => !options.Wants(row.Name));
        if (rows.Count == 0)
            return [];
        if (Available() < keys * BytesOfKeyMax)
        {
            foreach (var row in rows)
                row.Fail("hal", $"not measured: less than {keys * BytesOfKeyMax >> 20} MiB of memory are free");
            return [.. rows.Select(row => row.Build())];
        }

        await progress.WriteLineAsync($"plane: {of}");
        await using var tree = await SimulatedTree.StartAsync(instances, cancel);
        await tree.LoadAsync(keys, cancel);
        var totals = (await tree.Plane.Content.TotalsAsync(cancel)).Value;
        if (totals.Copies != keys)
            throw new BenchmarkException($"{totals.Copies} of {keys} keys are known");
        memory.Add("hal", new Sample(totals.IndexBytes / (double)totals.Copies - SimulatedTree.KeyBytes));
        memory.Note("as the content map counts itself, which a test holds to the runtime's count");
        GC.Collect();

        var random = new Random(Seed);
        CacheKey[] asked = [.. Enumerable.Range(0, Asked).Select(_ => SimulatedTree.Key(random.Next(keys)))];
        await LocateAsync(tree.Plane, asked, cancel); // compiled, and the caches as they will be
        for (var round = 0; round < options.Rounds; round++)
            rate.Add("hal", await LocateAsync(tree.Plane, asked, cancel));
        reference ??= Sample.Median([.. rate.Build().Samples.Values]);
        rate.Add("reference", reference with { P50Ms = null, P99Ms = null });
        rate.Note("one thread; the reference is the first row");
        if (rows.Contains(job))
            await AffinityAsync(tree.Plane, job, keys, cancel);
        return [.. rows.Select(row => row.Build())];
    }

    private async Task<Sample> LocateAsync(IControlPlane plane, CacheKey[] asked, CancellationToken cancel)
    {
        var calls = new List<long>(1 << 20);
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < options.Seconds)
        {
            for (var i = 0; i < CallsAtOnce; i++)
            {
                var key = asked[calls.Count % asked.Length];
                var since = Stopwatch.GetTimestamp();
                var found = await plane.Content.LocateAsync(key, cancel);
                calls.Add(Stopwatch.GetTimestamp() - since);
                if (!found.IsOk || found.Value.Holders.Count != 1)
                    throw new BenchmarkException($"{key} is not at the one instance that reported it");
            }
        }
        var rate = calls.Count / Stopwatch.GetElapsedTime(started).TotalSeconds;
        return Sample.Of([.. calls], rate / 1000);
    }

    private async Task AffinityAsync(IControlPlane plane, RowRecorder row, int keys, CancellationToken cancel)
    {
        const int Spread = 7;
        var count = Math.Min(JobKeys, keys);
        var request = new AffinityRequest { Selection = new KeySelection { Keys = [.. Enumerable.Range(0, count).Select(i => SimulatedTree.Key((int)((long)i * Spread % keys)))] } };
        for (var round = -1; round < options.Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            var report = await plane.Scheduling.AffinityAsync(request, cancel);
            var elapsed = Stopwatch.GetElapsedTime(started);
            if (!report.IsOk || report.Value.KeysUnknown != 0)
                throw new BenchmarkException($"affinity: {(report.IsOk ? $"{report.Value.KeysUnknown} keys are not known" : report.Error.Message)}");
            if (round >= 0)
                row.Add("hal", new Sample(elapsed.TotalMilliseconds));
        }
    }

    private static long Available() => !File.Exists(MemInfo)
        ? long.MaxValue
        : 1024 * long.Parse(
            File.ReadLines(MemInfo).First(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture);
}
