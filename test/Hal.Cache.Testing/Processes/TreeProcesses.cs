using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Network;

namespace Hal.Cache.Testing.Processes;

/// <summary>A tree of silos, each a process of its own, on free ports; every wait is bounded, everything is deleted on dispose.</summary>
public sealed class TreeProcesses : IDisposable
{
    /// <summary>What <see cref="SiloProcessOptions.Links"/> calls the control plane.</summary>
    public const string Plane = "(control plane)";

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(30);

    private readonly TempDirectory _directory = new("tree");
    private readonly List<TreeMember> _members = [];
    private readonly Dictionary<(string From, string To), LinkProxy> _links = [];
    private readonly SiloProcessOptions _options;
    private readonly string _secret;

    private TreeProcesses(SiloProcessOptions options)
    {
        _options = options;
        _secret = _directory.Combine("secret");
        File.WriteAllText(_secret, Guid.NewGuid().ToString("N"));
    }

    public TreeMember this[string name] => _members.Single(m => m.Name == name);

    public IReadOnlyList<TreeMember> Members => _members;

    /// <summary>File of the secret that the instances share.</summary>
    public string SecretFile => _secret;

    /// <summary>Root, branch and leaf.</summary>
    public static TreeProcesses ThreeLevels(SiloProcessOptions? options = null) => Started(options, ("root", null), ("branch", "root"), ("leaf", "branch"));

    /// <summary>Starts a tree of instances by name and parent, the root first, and waits until all have their leases.</summary>
    public static TreeProcesses Started(SiloProcessOptions? options, params (string Name, string? Parent)[] shape)
    {
        var tree = new TreeProcesses(options ?? new SiloProcessOptions { Memory = "64mb", Disk = "256mb" });
        try
        {
            foreach (var (name, parent) in shape)
            {
                var role = parent is null ? "root" : shape.Any(s => s.Parent == name) ? "branch" : "leaf";
                tree._members.Add(new TreeMember(tree._directory, name, role, parent, tree._options, tree.Arguments));
            }

            foreach (var link in tree._options.Links) tree._links.Add(link, new LinkProxy(link.To == Plane ? tree.PlanePort : tree[link.To].Port));
            var atOnce = tree._members.Where(m => !tree._options.Later.Contains(m.Name)).ToArray();
            foreach (var member in atOnce) member.Begin();
            foreach (var member in atOnce) member.WaitReady();
            tree.WaitConnected();
            return tree;
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    /// <summary>A way that was named in <see cref="SiloProcessOptions.Links"/>.</summary>
    public LinkProxy Link(string from, string to) => _links[(from, to)];

    /// <summary>Waits until every running instance can read and write.</summary>
    public void WaitConnected()
    {
        foreach (var member in _members.Where(m => m.IsRunning))
        {
            if (!Eventually.HoldsAsync(() => Counter(member, "tree_connected") == 1, ConnectLimit).GetAwaiter().GetResult())
                throw new TimeoutException($"{member.Name} did not reach its root.\n{member.Output}");
        }
    }

    /// <summary>One of HAL.INFO's counters of an instance; 0 where it has none of that name.</summary>
    public static long Counter(TreeMember member, string name)
    {
        using var client = new RespTestClient(member.Port);
        var info = client.Command("HAL.INFO").Items!;
        for (var i = 0; i + 1 < info.Count; i += 2)
        {
            if (info[i].Text == name) return info[i + 1].Number;
        }

        return 0;
    }

    public void Dispose()
    {
        foreach (var member in _members) member.Dispose();
        foreach (var link in _links.Values) link.Dispose();
        _directory.Dispose();
    }

    private int PlanePort => _options.ControlPlane is { } url ? new Uri(url).Port : _members[0].HttpPort;

    private IEnumerable<string> Arguments(TreeMember member)
    {
        List<string> arguments =
        [
            "--name", member.Name, "--role", member.Role, "--listen", TreeMember.Endpoint(member.Port), "--http", TreeMember.Endpoint(member.HttpPort),
            "--data", member.DataDirectory, "--memory", _options.Memory, "--disk", _options.Disk, "--durability", _options.Durability,
            "--cluster-secret", _secret,
        ];
        if (member.Parent is { } parent) arguments.AddRange(["--parent", parent, "--root", _members[0].Name]);
        if (_options.ClusterDatabase is { } database)
            arguments.AddRange(["--cluster", "orleans", "--postgres", database, "--cluster-listen", TreeMember.Endpoint(member.ClusterPort), "--cluster-gateway", TreeMember.Endpoint(member.GatewayPort)]);
        if (_options.ControlPlane is not null || (_options.WithPlane && member != _members[0]))
            arguments.AddRange(["--control-plane", $"http://{TreeMember.Endpoint(_links.GetValueOrDefault((member.Name, Plane))?.Port ?? PlanePort)}"]);
        var further = _options.Further.GetValueOrDefault(member.Name) ?? [];
        foreach (var slots in further.Contains("--roots") ? [] : _options.Roots) arguments.AddRange(["--roots", slots]);
        arguments.AddRange(further);
        if (_options.ClusterView is { } view) arguments.AddRange(["--cluster-view", view]);
        if (_options.Policy is { } policy) arguments.AddRange(["--policy", policy]);
        foreach (var other in _members.Where(m => m != member))
            arguments.AddRange(["--peer", $"{other.Name}={TreeMember.Endpoint(_links.GetValueOrDefault((member.Name, other.Name))?.Port ?? other.Port)}"]);
        if (member.Parent is null)
        {
            foreach (var origin in _options.Origins) arguments.AddRange(["--origin", origin]);
        }

        return arguments;
    }
}
