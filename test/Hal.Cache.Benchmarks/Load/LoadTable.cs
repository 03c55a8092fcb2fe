using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>One table of the report: the word that <c>--tables</c> takes, its heading, and what the servers promise meanwhile.</summary>
internal sealed record LoadTable(string Name, string Heading, Durability Durability)
{
    public static LoadTable None { get; } = new(
        "none", "Nothing promised: Redis `--appendonly no`, Garnet without AOF, silo `--durability none`", Durability.None);

    public static LoadTable Commit { get; } = new(
        "commit",
        "On disk before the reply: Redis `--appendonly yes --appendfsync always`, Garnet `--aof --aof-commit-wait`, silo `--durability commit`",
        Durability.Commit);

    public static LoadTable Types { get; } = new("types", "Data types, scripts, transactions and messages, nothing promised", Durability.None);

    public static IReadOnlyList<LoadTable> All { get; } = [None, Commit, Types];
}
