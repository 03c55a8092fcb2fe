using System.Net;
using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>Measures the commands of the data types, transactions and messages, all servers side by side on the same data.</summary>
internal sealed class TypesProbe(LoadOptions options, Fleet fleet, RedisBenchmarkClient publicClient, TextWriter progress)
{
    private const int TransactionWrites = 10;
    private const int ListItemsMax = 2_000_000; // a list or stream that a row makes longer ends there

    private readonly Rounds rounds = new(options, fleet, progress);

    public async Task<IReadOnlyList<ReportRow>> RunAsync(CancellationToken cancel)
    {
        var rows = Exercises().Where(exercise => options.Wants(exercise.Name))
            .Select(exercise => (Exercise: exercise, Row: new RowRecorder(exercise.Name, "k req/s", higherIsBetter: true))).ToList();
        if (rows.Count == 0)
            return [];
        var running = new List<RunningServer>();
        try
        {
            foreach (var server in fleet.Servers)
            {
                await progress.WriteLineAsync($"types: starting {server.Name}");
                await fleet.TryAsync(server, [.. rows.Select(pair => pair.Row)], async () =>
                {
                    running.Add(await fleet.StartAsync(server, Durability.None, cancel));
                    await CommandLoader.LoadAsync(running[^1].Endpoint, CommandCell.Data(), cancel);
                }, cancel);
            }
            foreach (var (exercise, row) in rows)
                await rounds.RunAsync(exercise, row, running, cancel);
        }
        finally
        {
            foreach (var server in running)
                await server.DisposeAsync();
        }
        return [.. rows.Select(pair => pair.Row.Build())];
    }

    private IEnumerable<Exercise> Exercises()
    {
        foreach (var cell in options.Quick ? CommandCell.Quick : CommandCell.All)
        {
            yield return new(cell.Name, cell.Pipeline, cell.Pipeline == 1 ? 80_000 : 200_000, ListItemsMax,
                (endpoint, requests, cancel) => publicClient.RunAsync(endpoint, cell, options.Connections, requests, cancel));
        }
        foreach (var pipeline in options.Quick ? (int[])[1] : [1, 64])
        {
            yield return new($"MULTI of {TransactionWrites} SET P{pipeline}", pipeline, 10_000, int.MaxValue,
                (endpoint, requests, cancel) => TransactionsAsync(endpoint, pipeline, requests, cancel));
            yield return new($"PUBLISH to {Subscribers.Count} P{pipeline}", pipeline, 10_000, int.MaxValue,
                (endpoint, requests, cancel) => MessagesAsync(endpoint, pipeline, requests, cancel));
        }
    }

    private Task<Sample> TransactionsAsync(IPEndPoint endpoint, int pipeline, int requests, CancellationToken cancel)
    {
        string[][] one =
        [
            ["MULTI"],
            .. Enumerable.Range(0, TransactionWrites).Select(at => (string[])["SET", $"transaction:{at}", Subscribers.Message]),
            ["EXEC"],
        ];
        // OK, ten times QUEUED, the head of EXEC's array, ten times OK.
        const int Lines = 1 + TransactionWrites + 1 + TransactionWrites;
        return BatchDriver.RunAsync(
            endpoint, options.Connections, Repeat(one.SelectMany(RespSocket.Encode), pipeline), Lines * pipeline, pipeline, requests, null, cancel);
    }

    private async Task<Sample> MessagesAsync(IPEndPoint endpoint, int pipeline, int requests, CancellationToken cancel)
    {
        using var subscribers = await Subscribers.StartAsync(endpoint, cancel);
        var batches = (requests + pipeline - 1) / pipeline;
        var received = subscribers.ReceiveAsync((long)batches * pipeline, cancel);
        return await BatchDriver.RunAsync(
            endpoint, options.Connections, Repeat(RespSocket.Encode(["PUBLISH", Subscribers.Channel, Subscribers.Message]), pipeline),
            pipeline, pipeline, requests, (_, limit) => received.WaitAsync(limit), cancel);
    }

    private static byte[] Repeat(IEnumerable<byte> bytes, int times)
    {
        var one = bytes.ToArray();
        return [.. Enumerable.Repeat(one, times).SelectMany(part => part)];
    }
}
