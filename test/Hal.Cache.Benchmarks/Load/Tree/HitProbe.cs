using System.Net;
using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>Reads of what a leaf holds, beside the same reads at an instance that stands alone, by the public client in alternating rounds.</summary>
internal sealed class HitProbe(LoadOptions options, RedisBenchmarkClient client, TextWriter progress)
{
    private const double WarmUpShare = 0.5;
    private const int NominalRate = 60_000;

    /// <summary>Rounds for each that other rows have: single ones differ by a tenth either way, and the aim leaves three parts in a hundred.</summary>
    private const int RoundsFactor = 7;

    private static readonly (int Bytes, int Pipeline)[] Cells = [(16, 1), (16, 16), (1024, 1), (1024, 16)];

    public bool IsWanted => Cells.Any(cell => options.Wants(Name(cell)));

    public async Task<IReadOnlyList<ReportRow>> RunAsync(RunningTree tree, WorkFolder work, ChildProcesses children, CancellationToken cancel)
    {
        var rows = new List<ReportRow>();
        var cells = Cells.Select(cell => (Cell: cell, Name: Name(cell))).Where(cell => options.Wants(cell.Name)).ToList();
        if (cells.Count == 0)
            return [];
        await using var alone = await RunningServer.StartAsync(new SiloServer(children), Durability.None, work, children, cancel);
        (string Column, IPEndPoint Endpoint)[] servers = [("hal", tree[RunningTree.Leaf].Endpoint), ("plain", alone.Endpoint)];
        foreach (var bytes in cells.GroupBy(cell => cell.Cell.Bytes))
        {
            await Preloader.LoadAsync(alone.Endpoint, CommandCell.KeysMax, bytes.Key, cancel);
            await Preloader.LoadAsync(tree[RunningTree.Root].Endpoint, CommandCell.KeysMax, bytes.Key, cancel);
            await CommandLoader.LoadAsync(servers[0].Endpoint, Enumerable.Range(0, CommandCell.KeysMax).Select(key => (string[])["GET", KeySpace.Key(key)]), cancel);
            var missed = tree[RunningTree.Leaf].Counter("tree_acquires");
            foreach (var ((_, pipeline), name) in bytes)
                rows.Add(await MeasureAsync(new RowRecorder(name, "k req/s / p99 ms", higherIsBetter: true, Aim.AtLeast(0.97, "plain")), pipeline, servers, cancel));
            rows[^1] = rows[^1] with { Notes = [.. rows[^1].Notes, $"{tree[RunningTree.Leaf].Counter("tree_acquires") - missed} of the leaf's reads of {bytes.Key} B asked the root"] };
        }
        return rows;
    }

    private static string Name((int Bytes, int Pipeline) cell) => $"leaf hit, GET {(cell.Bytes < TreeSizes.Small ? "16 B" : "1 KiB")} P{cell.Pipeline}";

    private async Task<ReportRow> MeasureAsync(RowRecorder row, int pipeline, (string Column, IPEndPoint Endpoint)[] servers, CancellationToken cancel)
    {
        var cell = new CommandCell(row.Name, ["GET", "key:__rand_int__"], pipeline);
        try
        {
            var rates = new List<double>();
            foreach (var server in servers)
                rates.Add((await RunAsync(server.Endpoint, NominalRate * WarmUpShare)).Value);
            var mean = Math.Exp(rates.Average(Math.Log));
            var rounds = options.Rounds * RoundsFactor;
            await progress.WriteLineAsync($"  {row.Name}: {rounds} rounds of {mean * options.Seconds:0} requests");
            for (var round = 0; round < rounds; round++)
            {
                for (var turn = 0; turn < servers.Length; turn++)
                {
                    var (column, endpoint) = servers[(round + turn) % servers.Length];
                    var sample = await RunAsync(endpoint, mean);
                    row.Add(column, sample with { Value = sample.Value / 1000 });
                }
            }
        }
        catch (BenchmarkException e)
        {
            row.Fail("hal", e.Message);
        }
        row.Note($"{options.Rounds * RoundsFactor} rounds");
        return row.Build();

        Task<Sample> RunAsync(IPEndPoint endpoint, double rate) =>
            client.RunAsync(endpoint, cell, options.Connections, Math.Max(options.Connections * pipeline, (int)(rate * options.Seconds)), cancel);
    }
}
