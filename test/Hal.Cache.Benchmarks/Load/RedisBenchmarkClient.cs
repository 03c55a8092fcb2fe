using System.Globalization;
using System.Net;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>The public client, one process a run, with its machine-readable output.</summary>
internal sealed class RedisBenchmarkClient(ChildProcesses children) : ILoadClient
{
    /// <summary>It spins for ever when some of its connections are closed early, so a run has an end.</summary>
    internal static readonly TimeSpan RunTimeMax = TimeSpan.FromSeconds(60);

    public async Task<string> VersionAsync(CancellationToken cancel) =>
        (await children.OutputAsync("redis-benchmark", ["--version"], cancel)).Trim();

    public async Task<Sample> RunAsync(IPEndPoint endpoint, LoadCell cell, int connections, int requests, CancellationToken cancel)
    {
        string[] arguments =
        [
            "-h", $"{endpoint.Address}",
            "-p", Number(endpoint.Port),
            "-t", cell.Operation == LoadOperation.Get ? "get" : "set",
            "-d", Number(cell.ValueBytes),
            "-r", Number(KeySpace.KeysFor(cell.ValueBytes)),
            "-n", Number(requests),
            "-c", Number(connections),
            "-P", Number(cell.Pipeline),
            "--csv",
        ];
        var output = await children.OutputAsync("redis-benchmark", arguments, cancel, RunTimeMax);
        return RedisBenchmarkCsv.Parse(output, cell.Verb);
    }

    public async Task<Sample> RunAsync(IPEndPoint endpoint, CommandCell cell, int connections, int requests, CancellationToken cancel)
    {
        string[] arguments =
        [
            "-h", $"{endpoint.Address}",
            "-p", Number(endpoint.Port),
            "-r", Number(CommandCell.KeysMax),
            "-n", Number(requests),
            "-c", Number(connections),
            "-P", Number(cell.Pipeline),
            "--csv",
            .. cell.Command,
        ];
        return RedisBenchmarkCsv.Parse(await children.OutputAsync("redis-benchmark", arguments, cancel, RunTimeMax), null);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
