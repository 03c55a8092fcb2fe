using System.Globalization;
using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>Reads of cold objects through three levels of each product, in alternating rounds, each of a name that nobody has read before.</summary>
internal sealed class ChainProbe(LoadOptions options, TreeSizes sizes, OriginFiles files, TextWriter progress)
{
    private const double MiB = 1 << 20;
    private const int WarmUps = 3;

    /// <summary>Time of the warm-up of each product, in runs' lengths: code is compiled in several steps, in the background.</summary>
    private const double WarmUpSeconds = 5;

    /// <summary>Part of a large object that is read to warm up: with all of it the caches would be full, and give up as much as they take, when they are measured.</summary>
    private const int WarmUpPart = 8;

    /// <summary>Rounds of crowds for each that other rows have: by the turns that the scheduler gives, the worst first byte of one is 2 to 40 ms.</summary>
    private const int CrowdFactor = 3;

    /// <summary>Rounds in which a source is killed; each costs its restart.</summary>
    private const int KillsMax = 3;

    private readonly RowRecorder rate = new($"cold {TreeSizes.Text(sizes.Huge)}", "MB/s", higherIsBetter: true, Aim.AtLeast(1, "nginx"));
    private readonly RowRecorder firstByte = new($"cold {TreeSizes.Text(sizes.Huge)}, first byte", "ms", higherIsBetter: false, Aim.AtMost(2));
    private readonly RowRecorder memory = new($"cold {TreeSizes.Text(sizes.Huge)}, growth of the instance that grows most", "MiB", higherIsBetter: false, Aim.AtMost(64));
    private readonly RowRecorder cpu = new($"cold {TreeSizes.Text(sizes.Huge)}, processor time of all instances", "s", higherIsBetter: false);
    private readonly RowRecorder sentRate = new($"cold {TreeSizes.Text(sizes.Huge)}, instances send the bytes", "MB/s", higherIsBetter: true);
    private readonly RowRecorder sentCpu = new($"cold {TreeSizes.Text(sizes.Huge)}, instances send the bytes, processor time of all", "s", higherIsBetter: false);
    private readonly RowRecorder copies = new($"{sizes.Clients} clients on 2 leaves, one cold {TreeSizes.Text(sizes.Large)}: copies read from the origin", "copies", higherIsBetter: false, Aim.AtMost(1));
    private readonly RowRecorder worst = new($"{sizes.Clients} clients on 2 leaves, one cold {TreeSizes.Text(sizes.Large)}: first byte, worst", "ms", higherIsBetter: false, Aim.AtMost(15));
    private readonly RowRecorder total = new($"{sizes.Clients} clients on 2 leaves, one cold {TreeSizes.Text(sizes.Large)}: all have all", "s", higherIsBetter: false);
    private readonly RowRecorder range = new($"64 KiB of a cold {TreeSizes.Text(sizes.Huge)}", "ms", higherIsBetter: false, Aim.AtMost(2));
    private readonly RowRecorder rangeBytes = new($"64 KiB of a cold {TreeSizes.Text(sizes.Huge)}: read from the origin", "MiB", higherIsBetter: false, Aim.AtMost(1));
    private readonly RowRecorder rangeAgain = new($"64 KiB of a cold {TreeSizes.Text(sizes.Huge)}: read from the origin when asked for again", "MiB", higherIsBetter: false, Aim.AtMost(0));
    private readonly RowRecorder killed = new($"source killed within {TreeSizes.Text(sizes.Huge / 4)}: bytes that the client gets", "%", higherIsBetter: true, Aim.AtLeast(100));

    private IReadOnlyList<RowRecorder> Rows => [rate, firstByte, memory, cpu, sentRate, sentCpu, copies, worst, total, range, rangeBytes, rangeAgain, killed];

    public bool IsWanted => Rows.Any(row => options.Wants(row.Name));

    /// <param name="sending">Starts a chain of instances that do not read each other's memory, which is measured last, by itself.</param>
    public async Task<IReadOnlyList<ReportRow>> RunAsync(IReadOnlyList<IChain> chains, Func<Task<IChain>> sending, CancellationToken cancel)
    {
        foreach (var chain in chains)
            await TryAsync(chain, Rows, () => WarmUpAsync(chain, cancel), cancel);
        await RoundsAsync(chains, options.Rounds, [rate, firstByte, memory, cpu], chain => ColdAsync(chain, cancel), cancel);
        await RoundsAsync(chains, options.Rounds * CrowdFactor, [copies, worst, total], chain => CrowdAsync(chain, cancel), cancel);
        await RoundsAsync(chains, options.Rounds, [range, rangeBytes, rangeAgain], chain => RangeAsync(chain, cancel), cancel);
        await RoundsAsync(chains, Math.Min(options.Rounds, KillsMax), [killed], chain => KillAsync(chain, cancel), cancel);
        if (options.Wants(sentRate.Name) || options.Wants(sentCpu.Name))
        {
            await using var sender = await sending();
            await TryAsync(sender, [sentRate, sentCpu], () => WarmUpAsync(sender, cancel), cancel);
            await RoundsAsync([sender], options.Rounds, [sentRate, sentCpu], chain => SentAsync(chain, cancel), cancel);
        }

        // A new name is a change of its file, and hal lets a change's tick of the clock pass before it reads: 20 ms that no old file has.
        firstByte.Note("of a file that has not changed within the last 20 ms");
        rate.Note("hal's root does not write again what its own disk has (spill=no), as the others' origin, a web server, does not");
        foreach (var row in (RowRecorder[])[copies, worst, total])
            row.Note($"{options.Rounds * CrowdFactor} rounds");
        memory.Note("the instances have read as much before, so that their memory is in use: hal's is limited to 256 MiB each");
        return [.. Rows.Where(row => options.Wants(row.Name)).Select(row => row.Build())];
    }

    private async Task RoundsAsync(IReadOnlyList<IChain> chains, int rounds, RowRecorder[] rows, Func<IChain, Task> measure, CancellationToken cancel)
    {
        if (!rows.Any(row => options.Wants(row.Name)))
            return;
        await progress.WriteLineAsync($"  {rows[0].Name}: {rounds} rounds");
        for (var round = 0; round < rounds; round++)
        {
            for (var turn = 0; turn < chains.Count; turn++)
            {
                var chain = chains[(round + turn) % chains.Count];
                if (!rows[0].HasFailed(chain.Name))
                    await TryAsync(chain, rows, () => measure(chain), cancel);
            }
        }
    }

    private async Task TryAsync(IChain chain, IReadOnlyList<RowRecorder> rows, Func<Task> step, CancellationToken cancel)
    {
        try
        {
            await step();
        }
        catch (Exception e) when (e is BenchmarkException or IOException or System.Net.Sockets.SocketException && !cancel.IsCancellationRequested)
        {
            foreach (var row in rows)
                row.Fail(chain.Name, e.Message);
            await progress.WriteLineAsync($"{chain.Name}: {e.Message}");
        }
    }

    // Every way that is measured is gone before: compiled, connected, and memory in use.
    private async Task WarmUpAsync(IChain chain, CancellationToken cancel)
    {
        await progress.WriteLineAsync($"  warming {chain.Name} up");
        Read(chain, chain.NameOf(files.New(sizes.Huge)), sizes.Huge, check: true);
        var since = System.Diagnostics.Stopwatch.GetTimestamp();
        for (var i = 0; i < WarmUps || System.Diagnostics.Stopwatch.GetElapsedTime(since).TotalSeconds < options.Seconds * WarmUpSeconds; i++)
        {
            cancel.ThrowIfCancellationRequested();
            Crowd.Read(chain.Leaves, chain.Wire, chain.NameOf(files.New(sizes.Large)), sizes.Clients);
        }

        for (var i = 0; i < sizes.ColdReadsBefore; i++)
        {
            cancel.ThrowIfCancellationRequested();
            Read(chain, chain.NameOf(files.New(sizes.Large / WarmUpPart)), sizes.Large / WarmUpPart, check: true);
            using var client = new BodyClient(chain.Leaves[0], chain.Wire);
            client.Read(chain.NameOf(files.New(sizes.Large)), (0, TreeSizes.Range));
        }
    }

    private async Task ColdAsync(IChain chain, CancellationToken cancel)
    {
        var name = chain.NameOf(files.New(sizes.Huge));
        await SyncedAsync(cancel);
        using var client = new BodyClient(chain.Leaves[0], chain.Wire); // accepted before the read begins, as a job's connection is
        await SettledAsync(chain, cancel);
        List<ProcessMeter> meters = [.. chain.Processes().Select(family => new ProcessMeter(family))];
        var times = Read(client, name, sizes.Huge, check: false);
        cpu.Add(chain.Name, new Sample(meters.Sum(meter => meter.SpentSeconds)));
        var growth = meters.Max(meter => meter.GrowthBytes);
        rate.Add(chain.Name, new Sample(times.Rate));
        firstByte.Add(chain.Name, new Sample(times.FirstByte.TotalMilliseconds));
        memory.Add(chain.Name, new Sample(growth / MiB));
        await SettledAsync(chain, cancel);
    }

    private async Task SentAsync(IChain chain, CancellationToken cancel)
    {
        var name = chain.NameOf(files.New(sizes.Huge));
        await SyncedAsync(cancel);
        using var client = new BodyClient(chain.Leaves[0], chain.Wire);
        await SettledAsync(chain, cancel);
        var meter = new ProcessMeter(chain.Processes().SelectMany(family => family));
        sentRate.Add(chain.Name, new Sample(Read(client, name, sizes.Huge, check: false).Rate));
        sentCpu.Add(chain.Name, new Sample(meter.SpentSeconds));
        await SettledAsync(chain, cancel);
    }

    private async Task CrowdAsync(IChain chain, CancellationToken cancel)
    {
        var name = chain.NameOf(files.New(sizes.Large));
        await SyncedAsync(cancel);
        var before = await SettledAsync(chain, cancel);
        var times = Crowd.Read(chain.Leaves, chain.Wire, name, sizes.Clients);
        var read = await SettledAsync(chain, cancel, above: before) - before;
        copies.Add(chain.Name, new Sample(read / (double)sizes.Large));
        worst.Add(chain.Name, new Sample(times.FirstByte.TotalMilliseconds));
        total.Add(chain.Name, new Sample(times.Total.TotalSeconds));
    }

    private async Task RangeAsync(IChain chain, CancellationToken cancel)
    {
        var name = chain.NameOf(files.New(sizes.Huge));
        var at = sizes.Huge / 2;
        await SyncedAsync(cancel);
        using var client = new BodyClient(chain.Leaves[0], chain.Wire);
        var before = await SettledAsync(chain, cancel);
        range.Add(chain.Name, new Sample(Once().TotalMilliseconds));
        var after = await SettledAsync(chain, cancel, above: before);
        rangeBytes.Add(chain.Name, new Sample((after - before) / MiB));
        Once();
        rangeAgain.Add(chain.Name, new Sample((await SettledAsync(chain, cancel) - after) / MiB));

        TimeSpan Once()
        {
            var times = client.Read(name, (at, TreeSizes.Range), (offset, bytes) => files.Check(at + offset, bytes));
            return times is { Bytes: TreeSizes.Range } ? times.Total : throw new BenchmarkException($"{times.Bytes} bytes of a range came");
        }
    }

    private async Task KillAsync(IChain chain, CancellationToken cancel)
    {
        var bytes = sizes.Huge / 4;
        var isKilled = false;
        using (var client = new BodyClient(chain.Leaves[0], chain.Wire))
        {
            var times = client.Read(chain.NameOf(files.New(bytes)), null, (offset, piece) =>
            {
                files.Check(offset, piece);
                if (!isKilled && offset > bytes / 4)
                {
                    chain.KillSource();
                    isKilled = true;
                }
            });
            killed.Add(chain.Name, new Sample(100.0 * times.Bytes / bytes));
            killed.Note(string.Create(CultureInfo.InvariantCulture, $"{chain.Name}: the source is killed when the client has a quarter"));
        }
        await chain.RestoreSourceAsync(cancel);
    }

    private BodyTimes Read(IChain chain, string name, long bytes, bool check)
    {
        using var client = new BodyClient(chain.Leaves[0], chain.Wire);
        return Read(client, name, bytes, check);
    }

    private BodyTimes Read(BodyClient client, string name, long bytes, bool check)
    {
        var times = client.Read(name, null, check ? files.Check : null);
        return times.Bytes == bytes ? times : throw new BenchmarkException($"{times.Bytes} of {bytes} bytes came");
    }

    // Gigabytes that the chain before has left to be written would be the cost of the one that comes after it.
    private static Task SyncedAsync(CancellationToken cancel) => Task.Run(Posix.Sync, CancellationToken.None).WaitAsync(cancel);

    // A proxy may go on reading after its client has what it wanted, and the web server counts a reply when it has ended: what is known to
    // have been read shows some time.
    private static async Task<long> SettledAsync(IChain chain, CancellationToken cancel, long above = -1)
    {
        const int SameWanted = 5;
        long last = -1;
        var same = 0;
        await RunningTree.UntilAsync($"{chain.Name} stops reading from the origin", () =>
        {
            var now = chain.OriginBytes();
            same = now == last ? same + 1 : 0;
            last = now;
            return Task.FromResult(same >= SameWanted && now > above);
        }, cancel);
        return last;
    }
}
