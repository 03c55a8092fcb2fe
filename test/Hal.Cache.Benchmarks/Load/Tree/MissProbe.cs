using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>
/// Reads of what a leaf has not and another instance has, beside reads at that instance, by one client that waits for each. The keys are
/// clients' own, mutable ones: the leaf asks the root for the version, and whoever holds it for the bytes. The same reads through a <see cref="Relay"/> before
/// the holder say what the machine takes for a third process on the way, whatever that does. The same with the bytes sent instead of copied from the holder's
/// memory. And over a link, as between machines, where the bytes' way is the cost and not the processors that all share here.
/// </summary>
internal sealed class MissProbe(LoadOptions options, TreeSizes sizes, ChildProcesses children, TextWriter progress)
{
    private const int WarmUpRoundsMax = 100;

    /// <summary>Time of a row's warm-up, in runs' lengths.</summary>
    private const double WarmUpSeconds = 10;

    /// <summary>Of the link over which the leaf has everything: 1 Gbit/s.</summary>
    public const long LinkBytesPerSecond = 125_000_000;

    private const double SlowLinkMs = 40;
    private const double SlowLinkBytes = 1e8;
    private const double QuickLinkMs = 0.1;
    private const double QuickLinkBytes = 1e9;
    private const double DearGiB = 1000;

    private readonly List<ReportRow> rows = [];

    public bool IsWanted =>
        options.Wants(Name(RunningTree.Root, TreeSizes.Small))
        || new[] { RunningTree.Branch, RunningTree.Sibling }.Any(source => options.Wants(Name(source, TreeSizes.Medium)) || options.Wants(Name(source, sizes.Large)));

    public async Task<IReadOnlyList<ReportRow>> RunAsync(RunningTree tree, CancellationToken cancel)
    {
        // The root sends a small value along with its version, so that it and no other instance is the source.
        await LatencyAsync(tree, RunningTree.Root, TreeSizes.Small, sizes.SmallReads, 2.0, cancel);
        await LatencyAsync(tree, RunningTree.Branch, TreeSizes.Medium, sizes.MediumReads, 1.3, cancel);
        await RateAsync(tree, RunningTree.Branch, cancel);
        if (!options.Wants(Name(RunningTree.Sibling, TreeSizes.Medium)) && !options.Wants(Name(RunningTree.Sibling, sizes.Large)))
            return [.. rows];
        foreach (var above in (string[])[RunningTree.Root, RunningTree.Branch])
            await tree.SetLinkAsync(above, RunningTree.Leaf, SlowLinkMs, SlowLinkBytes, DearGiB, cancel);
        await tree.SetLinkAsync(RunningTree.Sibling, RunningTree.Leaf, QuickLinkMs, QuickLinkBytes, 0, cancel);
        await LatencyAsync(tree, RunningTree.Sibling, TreeSizes.Medium, sizes.MediumReads, 1.3, cancel);
        await RateAsync(tree, RunningTree.Sibling, cancel);
        return [.. rows];
    }

    public bool WantsLink => options.Wants(LinkName(TreeSizes.Medium)) || options.Wants(LinkName(sizes.Large));

    /// <summary>The rows of misses over a link; the tree has one.</summary>
    public async Task<IReadOnlyList<ReportRow>> RunLinkAsync(RunningTree tree, CancellationToken cancel)
    {
        rows.Clear();
        await MeasureAsync(
            tree, RunningTree.Branch, new(LinkName(TreeSizes.Medium), "p50 ms / p99", higherIsBetter: false, Aim.AtMost(1.3, "plain")), TreeSizes.Medium,
            sizes.LinkReads, Percentiles, cancel);
        await MeasureAsync(
            tree, RunningTree.Branch, new(LinkName(sizes.Large), "MB/s", higherIsBetter: true, Aim.AtLeast(0.8, "plain")), sizes.Large, 1, MedianRate, cancel);
        return [.. rows];
    }

    public bool WantsSent => options.Wants(SentName(TreeSizes.Medium)) || options.Wants(SentName(sizes.Large));

    /// <summary>The rows of misses whose bytes are sent; the tree's instances do not share memory.</summary>
    public async Task<IReadOnlyList<ReportRow>> RunSentAsync(RunningTree tree, CancellationToken cancel)
    {
        rows.Clear();
        await MeasureAsync(
            tree, RunningTree.Branch, new(SentName(TreeSizes.Medium), "p50 ms / p99", higherIsBetter: false), TreeSizes.Medium, sizes.MediumReads, Percentiles, cancel);
        await MeasureAsync(tree, RunningTree.Branch, new(SentName(sizes.Large), "MB/s", higherIsBetter: true), sizes.Large, sizes.LargeReads, MedianRate, cancel);
        return [.. rows];
    }

    private static string SentName(long bytes) => $"leaf miss, branch has it and sends it, {TreeSizes.Text(bytes)}";

    private static string LinkName(long bytes) => $"leaf miss, branch has it, over a link of 1 Gbit/s, {TreeSizes.Text(bytes)}";

    private static string Name(string source, long bytes) => $"leaf miss, {source} has it, {TreeSizes.Text(bytes)}";

    private Task LatencyAsync(RunningTree tree, string source, long bytes, int reads, double most, CancellationToken cancel) => MeasureAsync(
        tree, source, new(Name(source, bytes), "p50 ms / p99", higherIsBetter: false, Aim.AtMost(most, "plain")), bytes, reads,
        Percentiles, cancel);

    private Task RateAsync(RunningTree tree, string source, CancellationToken cancel) => MeasureAsync(
        tree, source, new(Name(source, sizes.Large), "MB/s", higherIsBetter: true, Aim.AtLeast(0.8, "plain")), sizes.Large, sizes.LargeReads,
        MedianRate, cancel);

    private static Sample MedianRate(IReadOnlyList<BodyTimes> times) => new(times.Select(one => one.Rate).Order().ElementAt(times.Count / 2));

    private static Sample Percentiles(IReadOnlyList<BodyTimes> times)
    {
        var sample = Sample.Of([.. times.Select(one => (long)(one.Total.TotalSeconds * Stopwatch.Frequency))], 0);
        return sample with { Value = sample.P50Ms!.Value };
    }

    private async Task MeasureAsync(
        RunningTree tree, string source, RowRecorder row, long bytes, int reads, Func<IReadOnlyList<BodyTimes>, Sample> sum, CancellationToken cancel)
    {
        if (!options.Wants(row.Name))
            return;
        await progress.WriteLineAsync($"  {row.Name}: {options.Rounds} rounds of {reads}");
        var asked = "relay"; // whose failure it is
        try
        {
            using var relay = await RunningRelay.StartAsync(children, tree.FromLeaf(source), tree[source].Directory, cancel);
            var counter = $"tree_bytes_from_{source}";
            var before = tree[RunningTree.Leaf].Counter(counter);
            // Code is compiled in several steps, each in the background after it has run for a while: until then it is that which is measured.
            var since = Stopwatch.GetTimestamp();
            var rounds = 0;
            for (var round = -WarmUpRoundsMax; round < options.Rounds; round++, rounds++)
            {
                if (round < 0 && rounds > 0 && Stopwatch.GetElapsedTime(since).TotalSeconds > options.Seconds * WarmUpSeconds)
                    round = 0;
                string[] keys = [.. Enumerable.Range(0, reads).Select(i => string.Create(CultureInfo.InvariantCulture, $"{source}:{bytes}:{round}:{i}"))];
                asked = "hal";
                await PlaceAsync(tree, source, keys, bytes, cancel);
                (string Column, IPEndPoint Endpoint)[] turns = [("hal", tree[RunningTree.Leaf].Endpoint), ("plain", tree.FromLeaf(source)), ("relay", relay.Endpoint)];
                for (var turn = 0; turn < turns.Length; turn++)
                {
                    (asked, var endpoint) = turns[(rounds + turn) % turns.Length];
                    var sample = sum(Read(endpoint, keys, bytes));
                    if (round >= 0)
                        row.Add(asked, sample);
                }
                Remove(tree, keys);
            }
            if (tree[RunningTree.Leaf].Counter("tree_memory_bytes") is > 0 and var copied && source != RunningTree.Root)
                row.Note(string.Create(CultureInfo.InvariantCulture, $"{copied / (double)tree[RunningTree.Leaf].Counter("tree_bytes_received"):P0} of what the leaf has received so far was copied from another process's memory"));
            var share = (tree[RunningTree.Leaf].Counter(counter) - before) / ((double)bytes * reads * rounds);
            if (source != RunningTree.Root)
                row.Note(string.Create(CultureInfo.InvariantCulture, $"{share:P0} of the bytes came from the {source}"));
        }
        catch (Exception e) when (e is BenchmarkException or IOException or System.Net.Sockets.SocketException)
        {
            row.Fail(asked, e.Message);
        }
        rows.Add(row.Build());
    }

    private static List<BodyTimes> Read(IPEndPoint endpoint, string[] keys, long bytes)
    {
        using var client = new BodyClient(endpoint, Wire.Resp);
        var times = new List<BodyTimes>(keys.Length);
        foreach (var key in keys)
        {
            times.Add(client.Read(key));
            if (times[^1].Bytes != bytes)
                throw new BenchmarkException($"{times[^1].Bytes} of {bytes} bytes of {key} came");
        }
        return times;
    }

    private static async Task PlaceAsync(RunningTree tree, string source, string[] keys, long bytes, CancellationToken cancel)
    {
        var value = new ValueBytes((int)bytes).For(1).ToArray();
        using var root = tree[RunningTree.Root].Connect();
        foreach (var key in keys)
        {
            if (root.Command("SET"u8.ToArray(), Encoding.ASCII.GetBytes(key), value) is { IsError: true } error)
                throw new BenchmarkException($"SET answered {error.Text}");
        }
        if (source == RunningTree.Root)
            return;
        Read(tree[source].Endpoint, keys, bytes);
        foreach (var key in keys)
            await tree.HeldAsync(key, source, cancel);
    }

    private static void Remove(RunningTree tree, string[] keys)
    {
        using var root = tree[RunningTree.Root].Connect();
        foreach (var key in keys)
            root.Command("DEL", key);
    }
}
