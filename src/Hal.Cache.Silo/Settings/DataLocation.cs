namespace Hal.Cache.Silo.Settings;

/// <summary>Where data goes, and how much of the disk it may take, when the user does not say.</summary>
internal static class DataLocation
{
    private const string Product = "hal-cache";
    private const int DiskShare = 4;

    /// <summary>A given directory as an absolute path; false when it is a file, or its parent is missing.</summary>
    public static bool TryResolve(string given, out string path)
    {
        path = "";
        if (given.Length == 0 || given.Contains('\0', StringComparison.Ordinal)) return false;
        path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(given));
        return Directory.Exists(path) || (!File.Exists(path) && Directory.Exists(Path.GetDirectoryName(path)));
    }

    /// <summary>The XDG data directory of the user, with a folder per instance; null when the environment names no home.</summary>
    public static string? Default(string instance, Func<string, string?> variable)
    {
        // The XDG specification has relative paths ignored.
        if (variable("XDG_DATA_HOME") is { } xdg && Path.IsPathRooted(xdg)) return Path.Combine(xdg, Product, instance);
        return variable("HOME") is { } home && Path.IsPathRooted(home) ? Path.Combine(home, ".local", "share", Product, instance) : null;
    }

    /// <summary>A quarter of the disk that is free or already ours, in whole megabytes, from 256 MB to 8 GB.</summary>
    public static long DefaultDiskBytes(params IReadOnlyList<string> paths)
    {
        var existing = paths[0];
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent) existing = parent;
        // What the directories hold already counts as free: a restart must not come out with a smaller limit than the start before it.
        var available = new DriveInfo(existing).AvailableFreeSpace + paths.Sum(BytesIn);
        var share = available / DiskShare >> 20 << 20;
        return Math.Clamp(share, SiloOptions.DiskMinBytes, SiloOptions.DiskDefaultMaxBytes);
    }

    private static long BytesIn(string path)
    {
        try
        {
            return Directory.Exists(path)
                ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length)
                : 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return 0; // unreadable: the store says so, with a better message, when it opens the directory
        }
    }
}
