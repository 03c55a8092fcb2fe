using System.Diagnostics;
using System.Globalization;
using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;
using Hal.Cache.Client;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Benchmarks.Load.Cluster;

/// <summary>Kills and freezes one silo of three while clients read at the others: how long until every slot is answered for, and what clients saw.</summary>
internal sealed class DeathProbe(LoadOptions options, string column, TextWriter progress)
{
    private const int Seed = 47;
    private const int ReadsBetween = 200;
    private const double KilledSecondsMax = 1;
    private const double FrozenSecondsMax = 3;
    private const string Victim = "branch";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RowRecorder killed = new("kill -9 of a silo: until every slot answers, longest of the runs", "s", higherIsBetter: false, Aim.AtMost(KilledSecondsMax));
    private readonly RowRecorder frozen = new("SIGSTOP of a silo: until every slot answers, longest of the runs", "s", higherIsBetter: false, Aim.AtMost(FrozenSecondsMax));
    private readonly RowRecorder wrong = new("reads of clients that failed or were stale meanwhile, in all runs", "reads", higherIsBetter: false, Aim.AtMost(0));

    private long reads;
    private long wrongReads;

    public IReadOnlyList<RowRecorder> Rows => [killed, frozen, wrong];

    public async Task RunAsync(CancellationToken cancel)
    {
        if (!Rows.Any(row => options.Wants(row.Name)))
            return;
        if (ClusterClient.Missing is { } missing)
        {
            foreach (var row in Rows)
                row.Fail(column, missing);
            return;
        }
        await progress.WriteLineAsync("cluster: a silo's death");
        var (kills, freezes) = (new List<double>(), new List<double>());
        for (var round = 0; round < options.Rounds; round++)
        {
            kills.Add(await DieAsync(victim => victim.Kill(), cancel));
            freezes.Add(await DieAsync(victim => victim.Pause(), cancel));
        }
        // Not the median: a silo that joined late has few of the records, and its death is then noticed by few.
        foreach (var (row, seconds) in new[] { (killed, kills), (frozen, freezes) })
        {
            row.Add(column, new Sample(seconds.Max()));
            row.Note($"runs: {string.Join(", ", seconds.Order().Select(s => string.Create(CultureInfo.InvariantCulture, $"{s:0.00}")))} s");
        }
        wrong.Add(column, new Sample(wrongReads));
        wrong.Note($"of {reads} reads");
    }

    // In a cluster of its own each time: after a death the records are where they were made anew, and a silo that comes back has none of them to lose.
    private async Task<double> DieAsync(Action<TreeMember> die, CancellationToken cancel)
    {
        using var database = new PostgresServer();
        using var tree = TreeProcesses.ThreeLevels(new SiloProcessOptions { Memory = "64mb", Disk = "256mb", ClusterDatabase = database.ConnectionString("postgres") });
        using var load = new CounterLoad(Seed, [.. tree.Members.Where(m => m.Name != Victim)]);
        using var plane = new HttpControlPlane(
            new ControlPlaneClientOptions { Url = new Uri($"http://{TreeInstance.Address(tree["root"].HttpPort)}") }, TimeProvider.System);
        await AnswersAsync(plane, cancel);
        await ReadAsync(load);
        // From before the signal, since the end of a process takes time too.
        var watch = Stopwatch.StartNew();
        die(tree[Victim]);
        await AnswersAsync(plane, cancel);
        var seconds = watch.Elapsed.TotalSeconds;
        await ReadAsync(load);
        await load.StopAsync();
        reads += load.Reads;
        wrongReads += load.Wrong.Count;
        foreach (var each in load.Wrong.Take(3))
            wrong.Note(each);
        return seconds;
    }

    // Totals are asked of every ownership record.
    private static async Task AnswersAsync(HttpControlPlane plane, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        while (!(await plane.Content.TotalsAsync(cancel)).IsOk)
        {
            if (watch.Elapsed > Patience)
                throw new BenchmarkException("the slots did not answer again");
        }
    }

    private static async Task ReadAsync(CounterLoad load)
    {
        var reads = load.Reads;
        if (!await Eventually.HoldsAsync(() => load.Reads > reads + ReadsBetween, Patience))
            throw new BenchmarkException("clients do not read any more");
    }
}
