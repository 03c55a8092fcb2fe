namespace Hal.Cache.Benchmarks.Servers;

internal static class SiloAssembly
{
    /// <summary>The silo's dll next to this program's sources, in the configuration and framework that this program was built for.</summary>
    public static string Locate()
    {
        // .../test/<project>/bin/<configuration>/<framework>/
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var framework = output.Name;
        var configuration = output.Parent?.Name ?? "Release";
        return Path.Combine(RepositoryRoot(), "src", "Hal.Cache.Silo", "bin", configuration, framework, "Hal.Cache.Silo.dll");
    }

    /// <summary>The folder that holds the solution; <see cref="BenchmarkException"/> when run from elsewhere.</summary>
    public static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Hal.Cache.sln")))
                return folder.FullName;
        }
        throw new BenchmarkException("this program must run from inside its repository");
    }
}
