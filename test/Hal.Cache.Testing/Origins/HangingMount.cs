using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Testing.Origins;

/// <summary>
/// A directory behind a file system whose server can be told to stand still (bindfs over FUSE): until it goes on, every call on a file
/// there hangs, as on a network share whose server is gone.
/// </summary>
public sealed class HangingMount : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ChildProcess _server;

    private HangingMount(ChildProcess server, string path) => (_server, Path) = (server, path);

    public string Path { get; }

    /// <summary>Mounts a directory at another, empty one; null with why that is not possible here.</summary>
    public static (HangingMount? Mount, string Why) TryMount(string directory, string at)
    {
        if (!File.Exists("/usr/bin/bindfs")) return (null, "bindfs is not there (apt-get install bindfs, or test/run)");
        if (!File.Exists("/dev/fuse")) return (null, "there is no /dev/fuse");
        var mount = new HangingMount(new ChildProcess("/usr/bin/bindfs", ["-f", directory, at]), at);
        if (Eventually.HoldsAsync(() => !mount._server.IsRunning || IsMounted(at), Limit).GetAwaiter().GetResult() && mount._server.IsRunning) return (mount, "");
        var why = $"bindfs can't mount here: {mount._server.Output}";
        mount.Dispose();
        return (null, why);
    }

    public void Hang() => _server.Pause();

    public void GoOn() => _server.Resume();

    public void Dispose()
    {
        _server.Dispose(); // calls that hang fail with it
        if (!IsMounted(Path)) return;
        using var unmount = new ChildProcess("umount", ["-l", Path]);
        unmount.WaitExit(Limit);
    }

    private static bool IsMounted(string path) => File.ReadLines("/proc/mounts").Any(line => line.Split(' ')[1] == path);
}
