using Hal.Cache.Benchmarks.Report;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>Measures the tree's table: hits, misses, and cold objects beside chains of other products where those are installed.</summary>
internal sealed class TreeProbe(LoadOptions options, WorkFolder work, ChildProcesses children, RedisBenchmarkClient client, TextWriter progress)
{
    // Room for what hits and misses read, so that nothing measured there is an eviction.
    private static readonly TreeLimits Roomy = new("1gb", "8gb");

    private readonly TreeSizes sizes = options.Quick ? TreeSizes.Quick : TreeSizes.Full;

    public async Task<ReportTable> RunAsync(CancellationToken cancel)
    {
        var versions = new List<(string Name, string Version)> { ("hal", await new SiloServer(children).PrepareAsync(cancel)) };
        var rows = new List<ReportRow>();
        var hits = new HitProbe(options, client, progress);
        var misses = new MissProbe(options, sizes, children, progress);
        if (hits.IsWanted || misses.IsWanted)
        {
            await progress.WriteLineAsync("tree: hits and misses");
            await using var tree = await RunningTree.StartAsync(children, work, Roomy, cancel);
            rows.AddRange(await hits.RunAsync(tree, work, children, cancel));
            rows.AddRange(await misses.RunAsync(tree, cancel));
        }

        if (misses.WantsSent)
        {
            await progress.WriteLineAsync("tree: misses that are sent");
            await using var tree = await RunningTree.StartAsync(children, work, Roomy with { SharesMemory = false }, cancel);
            rows.AddRange(await misses.RunSentAsync(tree, cancel));
        }

        if (misses.WantsLink)
        {
            await progress.WriteLineAsync("tree: misses over a link");
            await using var tree = await RunningTree.StartAsync(children, work, Roomy with { LeafBytesPerSecond = MissProbe.LinkBytesPerSecond }, cancel);
            rows.AddRange(await misses.RunLinkAsync(tree, cancel));
        }

        var files = new OriginFiles(work.New("files"));
        var probe = new ChainProbe(options, sizes, files, progress);
        if (probe.IsWanted)
            rows.AddRange(await ChainsAsync(probe, files, versions, cancel));
        return new ReportTable(LoadTable.Tree, rows, versions);
    }

    private async Task<IReadOnlyList<ReportRow>> ChainsAsync(ChainProbe probe, OriginFiles files, List<(string Name, string Version)> versions, CancellationToken cancel)
    {
        await progress.WriteLineAsync("tree: chains");
        var chains = new List<IChain>();
        try
        {
            chains.Add(new HalChain(await RunningTree.StartAsync(children, work, new TreeLimits("256mb", "12gb", "lru", files.Directory), cancel)));
            var sending = new TreeLimits("256mb", "12gb", "lru", files.Directory, SharesMemory: false);
            foreach (var cache in (IWebCache[])[new NginxCache(), new VarnishCache()])
            {
                try
                {
                    versions.Add((cache.Name, await cache.PrepareAsync(children, cancel)));
                    if (NginxCache.Program.Length == 0)
                        throw new BenchmarkException("its origin is an nginx, which is not installed: apt-get install nginx-light");
                    chains.Add(await WebChain.StartAsync(children, work, cache, files.Directory, cancel));
                }
                catch (BenchmarkException e)
                {
                    versions.RemoveAll(one => one.Name == cache.Name);
                    versions.Add((cache.Name, "not measured: " + e.Message));
                    await progress.WriteLineAsync($"{cache.Name}: {e.Message}");
                }
            }
            return await probe.RunAsync(chains, async () => new HalChain(await RunningTree.StartAsync(children, work, sending, cancel)), cancel);
        }
        finally
        {
            foreach (var chain in chains)
                await chain.DisposeAsync();
        }
    }
}
