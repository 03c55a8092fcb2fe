namespace Hal.Cache.Benchmarks.Servers;

/// <summary>Garnet's tool package; defaults except for what the durability and a restart need.</summary>
internal sealed class GarnetServer(ChildProcesses children) : IServerUnderTest
{
    internal const string PackageVersion = "2.2.5";

    private readonly GarnetTool tool = new(children, PackageVersion);

    public string Name => "garnet";

    public async Task<string> PrepareAsync(CancellationToken cancel)
    {
        await tool.EnsureAsync(cancel);
        var output = await children.OutputAsync(tool.Program, ["--version"], cancel);
        var version = output.Trim().Split(' ')[^1].Split('+')[0];
        return version + " (device RandomAccess)";
    }

    public LaunchPlan Launch(ServerPlace place, Durability durability) => new(
        tool.Program,
        [
            "--port", $"{place.Port}",
            "--bind", "127.0.0.1",
            "-q",
            "--checkpointdir", Path.Combine(place.Directory, "checkpoint"),
            // Its own default, over libaio, ends the client's connection at the first flush on some kernels, this report's machine among them.
            "--device-type", "RandomAccess",
            "--lua",
            .. durability == Durability.Commit ? (string[])["--aof", "--aof-commit-freq", "0", "--aof-commit-wait"] : [],
            .. place.Again ? (string[])["--recover"] : [],
        ]);

    public RestartRecipe Restart(Durability durability) => durability == Durability.Commit
        ? new(null, Kill: true, "SIGKILL, append-only file, --recover")
        : new("SAVE", Kill: false, "SAVE, SIGTERM, checkpoint, --recover");
}
