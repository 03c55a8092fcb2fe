namespace Hal.Cache.Benchmarks.Servers;

/// <summary>The servers that a run can compare, this repository's first.</summary>
internal static class ServerCatalog
{
    public static IReadOnlyList<string> Names { get; } = ["hal", "redis", "garnet"];

    public static IServerUnderTest Create(string name, ChildProcesses children) => name switch
    {
        "hal" => new SiloServer(children),
        "redis" => new RedisServer(children),
        "garnet" => new GarnetServer(children),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown server"),
    };
}
