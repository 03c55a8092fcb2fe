namespace Hal.Cache.Benchmarks.Servers;

/// <summary>Keeps the <c>garnet-server</c> tool package in the user's cache folder, outside the repository.</summary>
internal sealed class GarnetTool(ChildProcesses children, string version)
{
    private readonly string folder = Path.Combine(WorkFolder.Cache, "tools", "garnet-server-" + version);

    public string Program => Path.Combine(folder, "garnet-server");

    public async Task EnsureAsync(CancellationToken cancel)
    {
        if (File.Exists(Program))
            return;
        Directory.CreateDirectory(folder);
        await children.OutputAsync(
            "dotnet", ["tool", "install", "--tool-path", folder, "garnet-server", "--version", version], cancel);
        if (!File.Exists(Program))
            throw new BenchmarkException($"garnet-server {version} was installed without its program");
    }
}
