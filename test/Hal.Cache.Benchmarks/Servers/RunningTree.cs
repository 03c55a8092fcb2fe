using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Hal.Cache.Testing.Network;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>A tree of silos, each a process of its own, with the control plane in the root's; disposing ends it and removes its data.</summary>
internal sealed class RunningTree : IAsyncDisposable
{
    public const string Root = "root";
    public const string Branch = "branch";
    public const string Leaf = "leaf";
    public const string Sibling = "sibling";

    private static readonly TimeSpan ConnectTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(20);

    private readonly ChildProcesses children;
    private readonly string directory;
    private readonly TreeLimits limits;
    private readonly string assembly = SiloAssembly.Locate();
    private readonly HttpClient http = new() { Timeout = ConnectTimeMax };
    private readonly Dictionary<string, LinkProxy> leafLinks = [];

    private RunningTree(ChildProcesses children, string directory, TreeLimits limits)
    {
        (this.children, this.directory, this.limits) = (children, directory, limits);
        (string Name, string? Parent)[] shape = [(Root, null), (Branch, Root), (Leaf, Branch), (Sibling, Branch)];
        Instances = [.. shape.Select(one => new TreeInstance(one.Name, one.Parent, Path.Combine(directory, one.Name)))];
        if (limits.LeafBytesPerSecond == 0)
            return;
        var rate = new LinkRate(limits.LeafBytesPerSecond);
        foreach (var other in Instances.Where(one => one.Name != Leaf))
        {
            var link = leafLinks[other.Name] = new LinkProxy(other.Endpoint.Port);
            link.Limit(rate);
        }
    }

    public IReadOnlyList<TreeInstance> Instances { get; }

    /// <summary>Where the leaf, and who stands beside it, reaches another instance.</summary>
    public IPEndPoint FromLeaf(string name) =>
        leafLinks.TryGetValue(name, out var link) ? new IPEndPoint(IPAddress.Loopback, link.Port) : this[name].Endpoint;

    public TreeInstance this[string name] => Instances.Single(instance => instance.Name == name);

    /// <summary>Starts a root, a branch and two leaves and waits until all can read and write.</summary>
    public static async Task<RunningTree> StartAsync(ChildProcesses children, WorkFolder work, TreeLimits limits, CancellationToken cancel)
    {
        var tree = new RunningTree(children, work.New("tree"), limits);
        try
        {
            await File.WriteAllTextAsync(tree.SecretFile, Guid.NewGuid().ToString("N"), cancel);
            await Task.WhenAll(tree.Instances.Select(instance => instance.LaunchAsync(children, tree.assembly, tree.Arguments(instance), cancel)));
            await tree.ConnectedAsync(cancel);
            return tree;
        }
        catch
        {
            await tree.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts an instance again, on its data and ports.</summary>
    public async Task RestartAsync(TreeInstance instance, CancellationToken cancel)
    {
        await instance.EndAsync(children);
        await instance.LaunchAsync(children, assembly, Arguments(instance), cancel);
        await ConnectedAsync(cancel);
    }

    /// <summary>Tells the control plane what a link costs.</summary>
    public async Task SetLinkAsync(string from, string to, double latencyMs, double bytesPerSecond, double moneyPerGiB, CancellationToken cancel)
    {
        using var answer = await http.PutAsJsonAsync(
            Url($"/v1/topology/links/{from}/{to}"), new { latencyMs, bandwidthBytesPerSecond = bytesPerSecond, moneyPerGiB }, cancel);
        if (!answer.IsSuccessStatusCode)
            throw new BenchmarkException($"the control plane answered {answer.StatusCode} to a link");
    }

    /// <summary>Waits until the control plane has an instance among a key's holders.</summary>
    public Task HeldAsync(string key, string holder, CancellationToken cancel) => UntilAsync($"{holder} is known to hold {key}", async () =>
    {
        var location = await http.GetFromJsonAsync<JsonElement>(Url($"/v1/content/location?key={Uri.EscapeDataString(key)}"), cancel);
        return location.GetProperty("holders").EnumerateArray().Any(one => one.GetProperty("instance").GetString() == holder);
    }, cancel);

    /// <summary>Waits until a state of another process holds; <see cref="BenchmarkException"/> after a minute.</summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> holds, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(PollEvery);
        var since = System.Diagnostics.Stopwatch.StartNew();
        while (!await holds())
        {
            if (since.Elapsed > ConnectTimeMax)
                throw new BenchmarkException($"not within {ConnectTimeMax.TotalSeconds:0} s: {what}");
            await timer.WaitForNextTickAsync(cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        foreach (var instance in Instances)
            await instance.EndAsync(children);
        foreach (var link in leafLinks.Values)
            link.Dispose();
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }

    private string SecretFile => Path.Combine(directory, "secret");

    private string Url(string path) => $"http://{TreeInstance.Address(this[Root].HttpPort)}{path}";

    private async Task ConnectedAsync(CancellationToken cancel)
    {
        foreach (var instance in Instances)
        {
            await UntilAsync($"{instance.Name} reaches the root", () => Task.FromResult(instance.Counter("tree_connected") == 1), cancel);
            await UntilAsync($"{instance.Name} is registered", async () =>
            {
                using var answer = await http.GetAsync(Url($"/v1/instances/{instance.Name}"), cancel);
                return answer.IsSuccessStatusCode;
            }, cancel);
        }
    }

    private IEnumerable<string> Arguments(TreeInstance instance)
    {
        var role = instance.Name switch { Root => "root", Branch => "branch", _ => "leaf" };
        List<string> arguments =
        [
            "--name", instance.Name, "--role", role, "--listen", TreeInstance.Address(instance.Endpoint.Port),
            "--http", TreeInstance.Address(instance.HttpPort), "--data", Path.Combine(instance.Directory, "data"),
            "--memory", limits.Memory, "--disk", limits.Disk, "--policy", limits.Policy, "--durability", "none", "--cluster-secret", SecretFile,
        ];
        if (!limits.SharesMemory)
            arguments.AddRange(["--peer-memory", "no"]);
        if (instance.Parent is { } parent)
            arguments.AddRange(["--parent", parent, "--root", Root, "--control-plane", Url("")]);
        else if (limits.Origin is { } origin)
            arguments.AddRange(["--origin", $"{TreeLimits.OriginPrefix}=file://{origin}?freshness=immutable&spill=no"]);
        foreach (var other in Instances.Where(one => one != instance))
            arguments.AddRange(["--peer", $"{other.Name}={TreeInstance.Address((instance.Name == Leaf ? FromLeaf(other.Name) : other.Endpoint).Port)}"]);
        return arguments;
    }
}
