namespace Hal.Cache.Benchmarks.Servers;

/// <summary>The silo of this repository, as built beside this program in the same configuration.</summary>
internal sealed class SiloServer(ChildProcesses children) : IServerUnderTest
{
    // Room for every cell's data, so that nothing measured here is an eviction.
    internal const string Memory = "4gb";
    internal const string Disk = "24gb";

    private readonly string assembly = SiloAssembly.Locate();

    public string Name => "hal";

    public async Task<string> PrepareAsync(CancellationToken cancel)
    {
        if (!File.Exists(assembly))
            throw new BenchmarkException("Hal.Cache.Silo.dll is not built in this configuration");
        var output = await children.OutputAsync("dotnet", ["exec", assembly, "--version"], cancel);
        return output.Trim();
    }

    public LaunchPlan Launch(ServerPlace place, Durability durability) => new(
        "dotnet",
        [
            "exec", assembly,
            "--listen", $"127.0.0.1:{place.Port}",
            "--http", $"127.0.0.1:{place.HttpPort}",
            "--data", Path.Combine(place.Directory, "data"),
            "--memory", Memory,
            "--disk", Disk,
            "--durability", durability == Durability.Commit ? "commit" : "none",
        ],
        ReadyPrefix: "ready");

    public RestartRecipe Restart(Durability durability) => durability == Durability.Commit
        ? new(null, Kill: true, "SIGKILL, commit log")
        : new(null, Kill: false, "SIGTERM, commits as it stops");
}
