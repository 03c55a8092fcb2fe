using System.Diagnostics;
using System.Globalization;
using System.Net;
using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>Measures the longest wait of a client that asks for a small value all the time while another has much work done at once.</summary>
internal sealed class StallProbe(LoadOptions options, Fleet fleet, TextWriter progress)
{
    private const string Asked = "stall:asked";
    private const int MembersAtOnce = 100;
    private const int Scans = 1000;
    private const int ScanCount = 1000;
    private const int ExpiredPart = 10; // Redis leaves about so much of what has expired to whoever comes across it
    private static readonly TimeSpan ExpiryIn = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WorkMax = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<ReportRow>> RunAsync(CancellationToken cancel)
    {
        var count = options.ManyKeys.ToString("N0", CultureInfo.InvariantCulture);
        var rows = Kinds().Select(kind => (Kind: kind, Row: new RowRecorder($"longest wait of a GET during {kind.Name} of {count}", "ms", higherIsBetter: false)))
            .Where(pair => options.Wants(pair.Row.Name)).ToList();
        if (rows.Count == 0)
            return [];
        foreach (var server in fleet.Servers)
        {
            await fleet.TryAsync(server, [.. rows.Select(pair => pair.Row)], async () =>
            {
                await using var running = await fleet.StartAsync(server, Durability.None, cancel);
                foreach (var (kind, row) in rows)
                {
                    await progress.WriteLineAsync($"types: {row.Name}, {server.Name}");
                    row.Add(server.Name, new Sample(await MeasureAsync(running.Endpoint, kind, cancel)));
                }
            }, cancel);
        }
        return [.. rows.Select(pair => pair.Row.Build())];
    }

    private static async Task<double> MeasureAsync(IPEndPoint endpoint, Kind kind, CancellationToken cancel)
    {
        using var worker = await RespSocket.ConnectAsync(endpoint, cancel);
        await worker.CallAsync(["FLUSHALL"], cancel);
        await CommandLoader.LoadAsync(endpoint, [["SET", Asked, "v"], .. kind.Data], cancel);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var asker = await RespSocket.ConnectAsync(endpoint, cancel);
        var asking = Task.Factory.StartNew(() => AskAsync(asker, done.Token, cancel), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        try
        {
            await kind.Work(worker, cancel).WaitAsync(WorkMax, cancel);
        }
        catch (TimeoutException)
        {
            throw new BenchmarkException($"{kind.Name} took over {WorkMax.TotalSeconds:0} s");
        }
        finally
        {
            await done.CancelAsync();
        }
        return await asking;
    }

    private static async Task<double> AskAsync(RespSocket asker, CancellationToken done, CancellationToken cancel)
    {
        long longest = 0;
        while (!done.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            await asker.CallAsync(["GET", Asked], cancel);
            longest = Math.Max(longest, Stopwatch.GetTimestamp() - began);
        }
        return longest * 1000.0 / Stopwatch.Frequency;
    }

    private IEnumerable<Kind> Kinds()
    {
        var members = Enumerable.Range(0, options.ManyKeys).Chunk(MembersAtOnce);
        var keys = Enumerable.Range(0, options.ManyKeys).Select(at => (string[])["SET", $"stall:{at}", "v"]);
        yield return new("DEL of a set", members.Select(part => (string[])["SADD", "stall:set", .. part.Select(at => $"member:{at}")]),
            (worker, cancel) => worker.CallAsync(["DEL", "stall:set"], cancel));
        yield return new("DEL of a sorted set", members.Select(part => (string[])["ZADD", "stall:zset", .. part.SelectMany(at => (string[])[$"{at}", $"member:{at}"])]),
            (worker, cancel) => worker.CallAsync(["DEL", "stall:zset"], cancel));
        yield return new("expiry", keys.Select(set => (string[])[.. set, "PX", $"{(long)ExpiryIn.TotalMilliseconds}"]), ExpireAsync);
        yield return new("SCAN", keys, ScanAsync);
        yield return new("FLUSHALL", keys, (worker, cancel) => worker.CallAsync(["FLUSHALL"], cancel));
    }

    private async Task ExpireAsync(RespSocket worker, CancellationToken cancel)
    {
        using var poll = new PeriodicTimer(PollEvery);
        while ((await worker.CallAsync(["DBSIZE"], cancel)).Length > options.ManyKeys / ExpiredPart)
            await poll.WaitForNextTickAsync(cancel);
    }

    private static async Task ScanAsync(RespSocket worker, CancellationToken cancel)
    {
        for (var scan = 0; scan < Scans; scan++)
        {
            await worker.CallAsync(["SCAN", "0", "COUNT", $"{ScanCount}"], cancel); // the head of the array of two
            await worker.ReadAsync(cancel);
            var found = int.Parse((await worker.ReadAsync(cancel)).Text!, CultureInfo.InvariantCulture);
            for (var key = 0; key < found; key++)
                await worker.ReadAsync(cancel);
        }
    }

    private sealed record Kind(string Name, IEnumerable<string[]> Data, Func<RespSocket, CancellationToken, Task> Work);
}
