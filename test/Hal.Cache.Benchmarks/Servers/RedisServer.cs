namespace Hal.Cache.Benchmarks.Servers;

/// <summary>The distribution's <c>redis-server</c>, found on the path.</summary>
internal sealed class RedisServer(ChildProcesses children) : IServerUnderTest
{
    public string Name => "redis";

    public async Task<string> PrepareAsync(CancellationToken cancel)
    {
        // "Redis server v=7.0.15 sha=..."
        var output = await children.OutputAsync("redis-server", ["--version"], cancel);
        return output.Split(' ').FirstOrDefault(word => word.StartsWith("v=", StringComparison.Ordinal))?[2..] ?? output.Trim();
    }

    public LaunchPlan Launch(ServerPlace place, Durability durability) => new(
        "redis-server",
        [
            "--port", $"{place.Port}",
            "--bind", "127.0.0.1",
            "--dir", place.Directory,
            "--save", "",
            .. durability == Durability.Commit ? (string[])["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"],
        ]);

    public RestartRecipe Restart(Durability durability) => durability == Durability.Commit
        ? new(null, Kill: true, "SIGKILL, append-only file")
        : new("SAVE", Kill: false, "SAVE, SIGTERM, RDB");
}
