using System.Globalization;

namespace Hal.Cache.Testing.Processes;

/// <summary>The installed <c>redis-server</c> as a process of its own: the model that replies are compared to, and the control of the suites.</summary>
public sealed class RedisServerProcess : IServerUnderTest
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private readonly TempDirectory _directory = new("redis");
    private readonly string[] _extra;
    private ChildProcess? _process;

    /// <summary>Prepares a server without persistence; <paramref name="extra"/> arguments come last and win.</summary>
    public RedisServerProcess(params string[] extra) => _extra = extra;

    /// <summary>Whether redis-server is installed.</summary>
    public static bool IsAvailable => Executables.Find("redis-server") is not null;

    public string Name => "redis";

    public int Port { get; } = FreePort.Next();

    public string DataDirectory => _directory.Path;

    public int Pid => _process?.Pid ?? throw new InvalidOperationException("redis-server is not running.");

    public bool IsRunning => _process?.IsRunning == true;

    public string Output => _process?.Output ?? "";

    /// <summary>Prepares and starts a server.</summary>
    public static RedisServerProcess Started(params string[] extra)
    {
        var server = new RedisServerProcess(extra);
        try
        {
            server.Start();
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public void Start()
    {
        var program = Executables.Find("redis-server") ?? throw new InvalidOperationException("redis-server is not installed.");
        _process?.Dispose();
        _process = new ChildProcess(
            program,
            [
                "--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", DataDirectory,
                "--save", "", "--appendonly", "no", "--enable-debug-command", "yes", .. _extra,
            ],
            line => line.Contains("Ready to accept connections", StringComparison.Ordinal));
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
}
