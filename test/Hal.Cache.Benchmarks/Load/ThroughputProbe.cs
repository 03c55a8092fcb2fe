using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>
/// Measures the throughput rows: for each value size all servers are started afresh and loaded, every cell is warmed up,
/// and then the rounds go cell by cell through the servers, each round starting with another one.
/// </summary>
internal sealed class ThroughputProbe(
    LoadOptions options, Fleet fleet, ILoadClient publicClient, ILoadClient ownDriver, TextWriter progress)
{
    private readonly Rounds rounds = new(options, fleet, progress);

    public async Task<IReadOnlyList<ReportRow>> RunAsync(Durability durability, CancellationToken cancel)
    {
        var rows = new List<ReportRow>();
        var cells = (options.Quick ? LoadCell.Quick : LoadCell.All).Where(cell => options.Wants(cell.Name));
        foreach (var size in cells.GroupBy(cell => cell.ValueBytes))
        {
            var recorders = size.Select(cell => new RowRecorder(cell.Name, "k req/s", higherIsBetter: true)).ToList();
            await RunSizeAsync([.. size.Zip(recorders)], size.Key, durability, cancel);
            rows.AddRange(recorders.Select(recorder => recorder.Build()));
        }
        return rows;
    }

    private async Task RunSizeAsync(
        IReadOnlyList<(LoadCell Cell, RowRecorder Row)> cells, int valueBytes, Durability durability, CancellationToken cancel)
    {
        var rows = cells.Select(pair => pair.Row).ToList();
        var keys = KeySpace.KeysFor(valueBytes);
        var running = new List<RunningServer>();
        try
        {
            foreach (var server in fleet.Servers)
            {
                await progress.WriteLineAsync($"{durability}: starting {server.Name}, loading {keys} keys of {valueBytes} bytes");
                await fleet.TryAsync(server, rows, async () =>
                {
                    running.Add(await fleet.StartAsync(server, durability, cancel));
                    await Preloader.LoadAsync(running[^1].Endpoint, keys, valueBytes, cancel);
                }, cancel);
            }
            foreach (var (cell, row) in cells)
                await rounds.RunAsync(Exercise(cell), row, running, cancel);
            foreach (var server in running)
                await NoteMissingAsync(server, rows, keys, valueBytes, cancel);
        }
        finally
        {
            foreach (var server in running)
                await server.DisposeAsync();
        }
    }

    private Exercise Exercise(LoadCell cell)
    {
        var client = cell.Client == LoadClient.OwnDriver ? ownDriver : publicClient;
        return new(
            cell.Name,
            cell.Pipeline,
            cell.NominalRate,
            cell.Operation == LoadOperation.Set ? LoadCell.SetBytesMax / cell.ValueBytes : int.MaxValue,
            (endpoint, requests, cancel) => client.RunAsync(endpoint, cell, options.Connections, requests, cancel));
    }

    /// <summary>A server that dropped keys answered some GETs with nil, which is faster: that must stand beside its figures.</summary>
    private Task NoteMissingAsync(RunningServer server, IReadOnlyList<RowRecorder> rows, int keys, int valueBytes, CancellationToken cancel) =>
        fleet.TryAsync(server.Server, [], async () =>
        {
            if (await Preloader.MissingAsync(server.Endpoint, keys, valueBytes, cancel) is > 0 and var missing)
            {
                foreach (var row in rows)
                    row.Note($"{server.Server.Name} had lost {missing} of 500 sampled keys at the end");
            }
        }, cancel);
}
