using Hal.Cache.Benchmarks.Load.Cluster;
using Hal.Cache.Benchmarks.Load.Plane;
using Hal.Cache.Benchmarks.Load.Tree;
using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>One run: prepares the servers, measures each table, prints and writes the report. A server that fails is reported.</summary>
internal static class LoadProgram
{
    /// <summary>Returns 0 where at least one figure was measured, otherwise 1.</summary>
    public static async Task<int> RunAsync(LoadOptions options, TextWriter output, TextWriter progress, CancellationToken cancel)
    {
        using var work = new WorkFolder();
        using var children = new ChildProcesses();
        var client = new RedisBenchmarkClient(children);
        var machine = Machine.Describe(work.FileSystem);
        var versions = new List<(string Name, string Version)>();
        var servers = new List<IServerUnderTest>();
        foreach (var name in options.Tables.Any(table => table.Columns is null) ? options.Servers : [])
        {
            await progress.WriteLineAsync($"preparing {name}");
            await TryAsync(name, async () =>
            {
                var server = ServerCatalog.Create(name, children);
                versions.Add((name, await server.PrepareAsync(cancel)));
                servers.Add(server);
            });
        }
        await TryAsync("client", async () => versions.Add(("client", await client.VersionAsync(cancel))));

        var fleet = new Fleet(servers, work, children, progress);
        var tables = new List<ReportTable>();
        foreach (var table in options.Tables)
        {
            if (table == LoadTable.Tree)
            {
                tables.Add(await new TreeProbe(options, work, children, client, progress).RunAsync(cancel));
                continue;
            }
            if (table == LoadTable.Plane)
            {
                tables.Add(await new PlaneProbe(options, children, progress).RunAsync(cancel));
                continue;
            }
            if (table == LoadTable.Cluster)
            {
                tables.Add(await new ClusterProbe(options, children, progress).RunAsync(cancel));
                continue;
            }
            var throughput = table == LoadTable.Types
                ? new TypesProbe(options, fleet, client, progress).RunAsync(cancel)
                : new ThroughputProbe(options, fleet, client, new LargeValueDriver(), progress).RunAsync(table.Durability, cancel);
            IReadOnlyList<ReportRow> rows = [.. await throughput, .. await new FootprintProbe(options, fleet, progress).RunAsync(table, cancel)];
            tables.Add(new ReportTable(table, table == LoadTable.Types ? [.. rows, .. await new StallProbe(options, fleet, progress).RunAsync(cancel)] : rows));
        }
        var report = new LoadReport(options, machine, versions, DateTimeOffset.UtcNow, tables);
        await PublishAsync(report, output, cancel);
        return tables.Any(table => table.Rows.Any(row => row.Samples.Count > 0)) ? 0 : 1;

        async Task TryAsync(string name, Func<Task> prepare)
        {
            try
            {
                await prepare();
            }
            catch (BenchmarkException e)
            {
                versions.Add((name, "not measured: " + e.Message));
                await progress.WriteLineAsync($"{name}: {e.Message}");
            }
        }
    }

    private static async Task PublishAsync(LoadReport report, TextWriter output, CancellationToken cancel)
    {
        var earlier = report.Options.Out is { } file && File.Exists(file) ? await File.ReadAllTextAsync(file, cancel) : "";
        var text = MarkdownReport.Write(report, earlier);
        await output.WriteLineAsync(text);
        if (report.Options.Out is { } path)
            await File.WriteAllTextAsync(path, text, cancel);
    }
}
