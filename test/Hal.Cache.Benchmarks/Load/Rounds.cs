using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>Warms an exercise up, then goes through the servers in rounds, each round starting with another one.</summary>
internal sealed class Rounds(LoadOptions options, Fleet fleet, TextWriter progress)
{
    private const double WarmUpShare = 0.5;

    /// <summary>Longest single run, in seconds, that a slow server may cause.</summary>
    private const double SlowestSecondsMax = 4;

    public async Task RunAsync(Exercise exercise, RowRecorder row, IReadOnlyList<RunningServer> running, CancellationToken cancel)
    {
        var rates = new List<double>();
        foreach (var server in running.Where(Measured))
            await OnceAsync(server, Bounded(exercise.NominalRate * options.Seconds * WarmUpShare), sample => rates.Add(sample.Value));
        if (rates.Count == 0)
            return;
        // The same number for all: their geometric mean takes the wished time, the slowest at most its own limit.
        var mean = Math.Exp(rates.Average(Math.Log));
        var requests = Bounded(Math.Min(mean * options.Seconds, rates.Min() * Math.Max(SlowestSecondsMax, options.Seconds)));
        await progress.WriteLineAsync($"  {exercise.Name}: {options.Rounds} rounds of {requests} requests");
        for (var round = 0; round < options.Rounds; round++)
        {
            for (var turn = 0; turn < running.Count; turn++)
            {
                var server = running[(round + turn) % running.Count];
                if (Measured(server))
                    await OnceAsync(server, requests, sample => row.Add(server.Server.Name, sample with { Value = sample.Value / 1000 }));
            }
        }

        bool Measured(RunningServer server) => !row.HasFailed(server.Server.Name);

        Task OnceAsync(RunningServer server, int count, Action<Sample> keep) =>
            fleet.TryAsync(server.Server, [row], async () => keep(await exercise.RunAsync(server.Endpoint, count, cancel)), cancel);

        int Bounded(double wished)
        {
            var least = options.Connections * exercise.Pipeline;
            return (int)Math.Clamp(wished, least, Math.Max(least, Math.Min(exercise.RequestsMax, int.MaxValue)));
        }
    }
}
