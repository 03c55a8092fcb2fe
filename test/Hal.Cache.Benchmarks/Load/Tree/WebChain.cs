using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hal.Cache.Benchmarks.Servers;
using FreePort = Hal.Cache.Testing.Processes.FreePort;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>A web server over the directory, a caching proxy as the source, and two as leaves; each on a port and a directory of its own.</summary>
internal sealed class WebChain : IChain
{
    private readonly ChildProcesses children;
    private readonly string directory;
    private readonly IWebCache cache;
    private readonly List<Level> levels = [];

    private WebChain(ChildProcesses children, string directory, IWebCache cache) =>
        (this.children, this.directory, this.cache) = (children, directory, cache);

    public string Name => cache.Name;

    public Wire Wire => Wire.Http;

    public IReadOnlyList<IPEndPoint> Leaves => [levels[2].Endpoint, levels[3].Endpoint];

    private Level Source => levels[1];

    private string Log => Path.Combine(directory, "origin", NginxConfiguration.LogFile);

    public static async Task<WebChain> StartAsync(ChildProcesses children, WorkFolder work, IWebCache cache, string files, CancellationToken cancel)
    {
        var chain = new WebChain(children, work.New(cache.Name), cache);
        try
        {
            var origin = await chain.AddAsync("origin", (port, folder) => NginxConfiguration.Origin(port, folder, files), cancel);
            var source = await chain.AddAsync("source", (port, folder) => cache.Launch(port, origin, folder), cancel);
            await chain.AddAsync("leaf", (port, folder) => cache.Launch(port, source, folder), cancel);
            await chain.AddAsync("sibling", (port, folder) => cache.Launch(port, source, folder), cancel);
            return chain;
        }
        catch
        {
            await chain.DisposeAsync();
            throw;
        }
    }

    public string NameOf(string file) => file;

    // The web server notes a reply's bytes when it ends.
    public long OriginBytes() => File.ReadLines(Log).Sum(line => long.Parse(line, CultureInfo.InvariantCulture));

    public IReadOnlyList<IReadOnlyList<int>> Processes() => [.. levels.Select(level => ProcessFamily.Of(level.Process!.Id))];

    public void KillSource() => Source.Process!.Kill();

    public async Task RestoreSourceAsync(CancellationToken cancel)
    {
        await EndAsync(Source);
        await LaunchAsync(Source, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var level in levels)
            await EndAsync(level);
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }

    private async Task<int> AddAsync(string name, Func<int, string, LaunchPlan> launch, CancellationToken cancel)
    {
        var folder = Path.Combine(directory, name);
        Directory.CreateDirectory(folder);
        var port = FreePort.Next();
        var level = new Level(new IPEndPoint(IPAddress.Loopback, port), folder, launch(port, folder));
        levels.Add(level);
        await LaunchAsync(level, cancel);
        return port;
    }

    private async Task LaunchAsync(Level level, CancellationToken cancel)
    {
        level.Process = children.Start(level.Plan, level.Folder);
        await RunningTree.UntilAsync($"{cache.Name} serves: {level.Process.Tail}", async () =>
        {
            if (level.Process.HasExited)
                throw new BenchmarkException($"{cache.Name} ended while starting: {level.Process.Tail}");
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(level.Endpoint, cancel);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }, cancel);
    }

    private async Task EndAsync(Level level)
    {
        if (level.Process is not { } running)
            return;
        level.Process = null;
        running.Kill();
        await running.ExitAsync(CancellationToken.None);
        children.Ended(running);
    }

    private sealed class Level(IPEndPoint endpoint, string folder, LaunchPlan plan)
    {
        public IPEndPoint Endpoint => endpoint;

        public string Folder => folder;

        public LaunchPlan Plan => plan;

        public ChildProcess? Process { get; set; }
    }
}
