using System.Globalization;

namespace Hal.Cache.Testing.Processes;

/// <summary>This project's silo as a process of its own: free ports, own data directory, deleted on dispose.</summary>
public sealed class SiloProcess : IServerUnderTest
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private readonly TempDirectory _directory = new("silo");
    private readonly SiloProcessOptions _options;
    private ChildProcess? _process;

    /// <summary>Prepares a silo; <see cref="Start"/> runs it.</summary>
    public SiloProcess(SiloProcessOptions? options = null) => _options = options ?? new SiloProcessOptions();

    /// <summary>Whether a built silo is there to be started.</summary>
    public static bool IsAvailable => RepositoryPaths.SiloAssembly() is not null;

    public string Name => "silo";

    public int Port { get; } = FreePort.Next();

    /// <summary>The port of the HTTP interface.</summary>
    public int HttpPort { get; } = FreePort.Next();

    public string DataDirectory => _directory.Combine("data");

    public int Pid => _process?.Pid ?? throw new InvalidOperationException("The silo is not running.");

    public bool IsRunning => _process?.IsRunning == true;

    public string Output => _process?.Output ?? "";

    /// <summary>Prepares and starts a silo.</summary>
    public static SiloProcess Started(SiloProcessOptions? options = null)
    {
        var silo = new SiloProcess(options);
        try
        {
            silo.Start();
            return silo;
        }
        catch
        {
            silo.Dispose();
            throw;
        }
    }

    public void Start()
    {
        var assembly = RepositoryPaths.SiloAssembly()
            ?? throw new InvalidOperationException("Hal.Cache.Silo.dll is not built: dotnet build -c Release src/Hal.Cache.Silo.");
        _process?.Dispose();
        _process = new ChildProcess("dotnet", ["exec", assembly, .. Arguments()], line => line.StartsWith("ready", StringComparison.Ordinal));
        _process.WaitReady(StartLimit);
    }

    public void Kill() => _process?.Kill();

    public int Terminate()
    {
        if (_process is null) return 0;
        _process.Terminate();
        return _process.WaitExit(StopLimit);
    }

    public void Dispose()
    {
        _process?.Dispose();
        _directory.Dispose();
    }

    private IEnumerable<string> Arguments()
    {
        yield return "--listen";
        yield return Loopback(Port);
        yield return "--http";
        yield return Loopback(HttpPort);
        yield return "--data";
        yield return DataDirectory;
        yield return "--memory";
        yield return _options.Memory;
        yield return "--disk";
        yield return _options.Disk;
        yield return "--durability";
        yield return _options.Durability;
        if (_options.Policy is { } policy)
        {
            yield return "--policy";
            yield return policy;
        }

        if (_options.ClusterView is { } view)
        {
            yield return "--cluster-view";
            yield return view;
        }

        if (_options.AclFile is { } users)
        {
            yield return "--aclfile";
            yield return users;
        }

        if (_options.Password is { } password)
        {
            yield return "--requirepass";
            yield return password;
        }

        foreach (var origin in _options.Origins)
        {
            yield return "--origin";
            yield return origin;
        }
    }

    private static string Loopback(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
