namespace Hal.Cache.Benchmarks.Servers;

/// <summary>One run's folder in the user's cache (a real disk: a temporary folder may be memory); removed with everything in it.</summary>
internal sealed class WorkFolder : IDisposable
{
    private int servers;

    public WorkFolder()
    {
        Root = Path.Combine(Cache, $"run-{Environment.ProcessId}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Root);
    }

    /// <summary>The cache folder of this program for this user.</summary>
    public static string Cache { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "hal-cache", "benchmarks");

    public string Root { get; }

    /// <summary>The file system that durability is measured on.</summary>
    public string FileSystem => new DriveInfo(Root).DriveFormat;

    public string New(string name)
    {
        var path = Path.Combine(Root, $"{name}-{Interlocked.Increment(ref servers)}");
        Directory.CreateDirectory(path);
        return path;
    }

    public void Dispose()
    {
        if (Directory.Exists(Root))
            Directory.Delete(Root, recursive: true);
    }
}
