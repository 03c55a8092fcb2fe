namespace Hal.Cache.Testing.Processes;

/// <summary>Places in the source tree, found by walking up from the test assembly to the folder of <c>Hal.Cache.sln</c>.</summary>
public static class RepositoryPaths
{
    /// <summary>The folder of the solution; throws <see cref="DirectoryNotFoundException"/> when the tests run outside a checkout.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The folder beside the repository that holds reference material; it need not exist.</summary>
    public static string Shared => Path.GetFullPath(Path.Combine(Root, "..", "shared"));

    /// <summary>The built silo of the configuration the tests run in, or of the other one; null when it was not built.</summary>
    public static string? SiloAssembly()
    {
        var here = AppContext.BaseDirectory.Replace('\\', '/');
        string[] order = here.Contains("/Debug/", StringComparison.Ordinal) ? ["Debug", "Release"] : ["Release", "Debug"];
        foreach (var configuration in order)
        {
            var path = Path.Combine(Root, "src", "Hal.Cache.Silo", "bin", configuration, "net10.0", "Hal.Cache.Silo.dll");
            if (File.Exists(path)) return path;
        }

        return null;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Hal.Cache.sln"))) return folder.FullName;
        }

        throw new DirectoryNotFoundException($"No Hal.Cache.sln above {AppContext.BaseDirectory}.");
    }
}
