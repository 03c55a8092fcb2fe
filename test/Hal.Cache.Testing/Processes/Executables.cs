namespace Hal.Cache.Testing.Processes;

/// <summary>Finds programs on the search path.</summary>
public static class Executables
{
    /// <summary>The full path of the program, or null where it is not installed.</summary>
    public static string? Find(string name)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        foreach (var folder in folders.Append("/usr/bin").Append("/usr/local/bin"))
        {
            var path = Path.Combine(folder, name);
            if (File.Exists(path)) return path;
        }

        return null;
    }
}
