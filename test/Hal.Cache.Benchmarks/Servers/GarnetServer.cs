using System.Runtime.InteropServices;

namespace Hal.Cache.Benchmarks.Servers;

/// <summary>Garnet's tool package; defaults except for what the durability and a restart need.</summary>
internal sealed class GarnetServer(ChildProcesses children) : IServerUnderTest
{
    internal const string PackageVersion = "2.2.5";

    // Garnet's default device needs libaio by this name and ends the client's connection at the first flush without it.
    private readonly bool nativeDevice = NativeLibrary.TryLoad("libaio.so.1", out _);
    private readonly GarnetTool tool = new(children, PackageVersion);

    public string Name => "garnet";

    public async Task<string> PrepareAsync(CancellationToken cancel)
    {
        await tool.EnsureAsync(cancel);
        var output = await children.OutputAsync(tool.Program, ["--version"], cancel);
        var version = output.Trim().Split(' ')[^1].Split('+')[0];
        return nativeDevice ? version : version + " (device RandomAccess: no libaio.so.1 here)";
    }

    public LaunchPlan Launch(ServerPlace place, Durability durability) => new(
        tool.Program,
        [
            "--port", $"{place.Port}",
            "--bind", "127.0.0.1",
            "-q",
            "--checkpointdir", Path.Combine(place.Directory, "checkpoint"),
            .. nativeDevice ? (string[])[] : ["--device-type", "RandomAccess"],
            .. durability == Durability.Commit ? (string[])["--aof", "--aof-commit-freq", "0", "--aof-commit-wait"] : [],
            .. place.Again ? (string[])["--recover"] : [],
        ]);

    public RestartRecipe Restart(Durability durability) => durability == Durability.Commit
        ? new(null, Kill: true, "SIGKILL, append-only file, --recover")
        : new("SAVE", Kill: false, "SAVE, SIGTERM, checkpoint, --recover");
}
