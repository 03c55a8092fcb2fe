using System.Diagnostics;
using System.Threading.Channels;
using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Client;
using Hal.Cache.Contracts.ControlPlane;

namespace Hal.Cache.Benchmarks.Load.Plane;

/// <summary>Changes of 64 instances at a fixed pace, whether they wait, and how late subscribers hear of them.</summary>
internal sealed class EventsProbe(LoadOptions options, TextWriter progress)
{
    private const int Instances = 64;
    private const int ChangesASecond = 200_000;

    /// <summary>Keys that a batch adds, and as many that it evicts: what comes together in some 50 ms, as an instance's reporter sends it.</summary>
    private const int BatchKeys = 80;

    private static readonly TimeSpan BatchEvery = TimeSpan.FromSeconds(2.0 * BatchKeys * Instances / ChangesASecond);

    private const double LagMsMax = 250;
    private const int RunsOfSeconds = 3;

    private readonly CacheKey[][] before = [.. Enumerable.Repeat(Array.Empty<CacheKey>(), Instances)];
    private readonly RowRecorder taken = new($"events, {ChangesASecond:N0} key changes/s of {Instances} instances: taken", "k changes/s", higherIsBetter: true, Aim.AtLeast(ChangesASecond * 0.99 / 1000));
    private readonly RowRecorder waiting = new("events: batches that wait at the end", "batches", higherIsBetter: false, Aim.AtMost(Instances));
    private readonly RowRecorder local = new("events: lag of a subscriber in the process", "ms, worst / p99", higherIsBetter: false, Aim.AtMost(LagMsMax));
    private readonly RowRecorder remote = new("events: lag of a subscriber of server-sent events", "ms, worst / p99", higherIsBetter: false, Aim.AtMost(LagMsMax));
    private readonly RowRecorder most = new("events: as many as one thread can report", "k changes/s", higherIsBetter: true);

    public async Task<IReadOnlyList<ReportRow>> RunAsync(CancellationToken cancel)
    {
        RowRecorder[] rows = [taken, waiting, local, remote, most];
        if (!rows.Any(row => options.Wants(row.Name)))
            return [];
        await progress.WriteLineAsync("plane: events");
        await using var tree = await SimulatedTree.StartAsync(Instances, cancel);
        await tree.LoadAsync(options.ManyKeys, cancel);
        await using var server = await PlaneServer.StartAsync(tree.Plane, cancel);
        using var client = new HttpControlPlane(new ControlPlaneClientOptions { Url = server.Url }, TimeProvider.System);
        var next = options.ManyKeys;
        for (var round = -1; round < options.Rounds; round++)
        {
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var near = new Subscriber(tree.Plane.Events, ends.Token);
            var far = new Subscriber(client.Events, ends.Token);
            await Task.WhenAll(near.Started, far.Started).WaitAsync(TimeSpan.FromSeconds(30), cancel);
            var (rate, left, longest, lastKey) = await PacedAsync(tree, next, cancel);
            next = lastKey;
            await Task.WhenAll(near.SeenAsync(lastKey, cancel), far.SeenAsync(lastKey, cancel));
            await ends.CancelAsync();
            if (round < 0)
                continue;
            taken.Add("hal", new Sample(rate / 1000));
            waiting.Add("hal", new Sample(left));
            waiting.Note($"longest queue in a round: {longest} batches, of {Instances} that are due at a time");
            local.Add("hal", await near.LagAsync());
            remote.Add("hal", await far.LagAsync());
        }
        for (var round = 0; round < options.Rounds; round++)
            (next, var rate) = await UnpacedAsync(tree, next, most, cancel);
        return [.. rows.Where(row => options.Wants(row.Name)).Select(row => row.Build())];
    }

    // Batches are due by the clock, whether the earlier ones were taken or not; each instance's are taken in their order.
    private async Task<(double Rate, int Left, int Longest, int NextKey)> PacedAsync(SimulatedTree tree, int firstKey, CancellationToken cancel)
    {
        var queue = Channel.CreateUnbounded<EventBatch>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        var (made, done, longest, key) = (0, 0, 0, firstKey);
        var taking = Task.Run(async () =>
        {
            await foreach (var batch in queue.Reader.ReadAllAsync(cancel))
            {
                await tree.ReportAsync(batch, cancel);
                Volatile.Write(ref done, done + 1);
            }
        }, cancel);
        var seconds = RunsOfSeconds * options.Seconds;
        var started = Stopwatch.GetTimestamp();
        using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1)))
        {
            var due = (long)(seconds / BatchEvery.TotalSeconds * Instances);
            while (made < due)
            {
                var now = Math.Min(due, (long)(Stopwatch.GetElapsedTime(started) / BatchEvery * Instances));
                for (; made < now; made++)
                {
                    var instance = made % Instances;
                    CacheKey[] added = [.. Enumerable.Range(key, BatchKeys).Select(SimulatedTree.Key)];
                    key += BatchKeys;
                    queue.Writer.TryWrite(tree.Batch(instance, added, before[instance]));
                    before[instance] = added;
                }
                longest = Math.Max(longest, made - Volatile.Read(ref done));
                await timer.WaitForNextTickAsync(cancel);
            }
        }
        var left = made - Volatile.Read(ref done);
        queue.Writer.Complete();
        await taking;
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return (2L * made * BatchKeys / elapsed, left, longest, key);
    }

    private static async Task<(int NextKey, double Rate)> UnpacedAsync(SimulatedTree tree, int key, RowRecorder row, CancellationToken cancel)
    {
        const int Batches = 2000;
        var batches = new List<EventBatch>(Batches);
        for (var i = 0; i < Batches; i++, key += BatchKeys)
            batches.Add(tree.Batch(i % Instances, [.. Enumerable.Range(key, BatchKeys).Select(SimulatedTree.Key)], []));
        var started = Stopwatch.GetTimestamp();
        foreach (var batch in batches)
            await tree.ReportAsync(batch, cancel);
        var rate = (double)Batches * BatchKeys / Stopwatch.GetElapsedTime(started).TotalSeconds;
        row.Add("hal", new Sample(rate / 1000));
        return (key, rate);
    }
}
