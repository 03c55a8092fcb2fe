namespace Hal.Cache.Testing.Processes;

/// <summary>A RESP server in a process of its own, on a free loopback port and a data directory that dispose deletes.</summary>
public interface IServerUnderTest : IDisposable
{
    /// <summary>How test output calls the server, for instance <c>silo</c>.</summary>
    string Name { get; }

    int Port { get; }

    string DataDirectory { get; }

    /// <summary>The process id; throws <see cref="InvalidOperationException"/> while the server is not running.</summary>
    int Pid { get; }

    bool IsRunning { get; }

    /// <summary>The last lines that the process wrote, for a failure's message.</summary>
    string Output { get; }

    /// <summary>Starts, or starts again on the same data, and waits until the server serves; throws with its output when it does not in time.</summary>
    void Start();

    /// <summary>SIGKILL, then waits until the process is gone.</summary>
    void Kill();

    /// <summary>SIGTERM, then waits for the end; returns the exit code, throws <see cref="TimeoutException"/> when it takes too long.</summary>
    int Terminate();
}
