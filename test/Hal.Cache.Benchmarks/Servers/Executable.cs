namespace Hal.Cache.Benchmarks.Servers;

internal static class Executable
{
    /// <summary>A program's file on the path or where servers are installed; empty where it is not.</summary>
    public static string Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Append("/usr/local/sbin")
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists) ?? "";
}
