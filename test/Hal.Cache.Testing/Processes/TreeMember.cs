using System.Globalization;

namespace Hal.Cache.Testing.Processes;

/// <summary>One instance of a tree as a process of its own: free ports, own data directory, deleted with its tree.</summary>
public sealed class TreeMember : IServerUnderTest
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private readonly TempDirectory _directory;
    private readonly SiloProcessOptions _options;
    private readonly Func<TreeMember, IEnumerable<string>> _arguments;
    private ChildProcess? _process;

    internal TreeMember(TempDirectory directory, string name, string role, string? parent, SiloProcessOptions options, Func<TreeMember, IEnumerable<string>> arguments)
    {
        (_directory, Name, Role, Parent, _options, _arguments) = (directory, name, role, parent, options, arguments);
        Port = FreePort.Next();
        HttpPort = FreePort.Next();
        ClusterPort = FreePort.Next();
        GatewayPort = FreePort.Next();
    }

    public string Name { get; }

    public string Role { get; }

    public string? Parent { get; }

    public int Port { get; }

    public int HttpPort { get; }

    /// <summary>Where other silos of its cluster connect, in a tree that is one.</summary>
    public int ClusterPort { get; }

    /// <summary>Where .NET clients of its cluster connect.</summary>
    public int GatewayPort { get; }

    public string DataDirectory => _options.DataDirectories.GetValueOrDefault(Name) ?? _directory.Combine(Name);

    public int Pid => _process?.Pid ?? throw new InvalidOperationException($"{Name} is not running.");

    public bool IsRunning => _process?.IsRunning == true;

    public string Output => _process?.Output ?? "";

    public void Start()
    {
        Begin();
        WaitReady();
    }

    public void Kill() => _process?.Kill();

    /// <summary>Stops the process, which notices nothing, until <see cref="Resume"/>.</summary>
    public void Pause() => _process?.Pause();

    public void Resume() => _process?.Resume();

    public int Terminate()
    {
        if (_process is null) return 0;
        _process.Terminate();
        return _process.WaitExit(StopLimit);
    }

    public void Dispose() => _process?.Dispose();

    /// <summary>Starts the process without waiting until it serves, so that several start at once.</summary>
    internal void Begin()
    {
        var assembly = RepositoryPaths.SiloAssembly()
            ?? throw new InvalidOperationException("Hal.Cache.Silo.dll is not built: dotnet build -c Release src/Hal.Cache.Silo.");
        _process?.Dispose();
        _process = new ChildProcess(
            "dotnet", ["exec", assembly, .. _arguments(this)], line => line.StartsWith("ready", StringComparison.Ordinal),
            variables: _options.Variables.GetValueOrDefault(Name));
    }

    internal void WaitReady() => _process!.WaitReady(StartLimit);

    internal static string Endpoint(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
