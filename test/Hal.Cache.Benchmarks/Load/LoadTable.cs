using Hal.Cache.Benchmarks.Load.Cluster;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load;

/// <summary>
/// One table of the report: the word that <c>--tables</c> takes, its heading, what the servers promise meanwhile, and for a table of aims
/// its columns, this repository's first; other tables have a column for each server.
/// </summary>
internal sealed record LoadTable(string Name, string Heading, Durability Durability, IReadOnlyList<string>? Columns = null)
{
    public static LoadTable None { get; } = new(
        "none", "Nothing promised: Redis `--appendonly no`, Garnet without AOF, silo `--durability none`", Durability.None);

    public static LoadTable Commit { get; } = new(
        "commit",
        "On disk before the reply: Redis `--appendonly yes --appendfsync always`, Garnet `--aof --aof-commit-wait`, silo `--durability commit`",
        Durability.Commit);

    public static LoadTable Types { get; } = new("types", "Data types, scripts, transactions and messages, nothing promised", Durability.None);

    public static LoadTable Tree { get; } = new(
        "tree", "A tree of processes, beside chains of nginx and Varnish, nothing promised", Durability.None, ["hal", "plain", "relay", "nginx", "varnish"]);

    public static LoadTable Plane { get; } = new("plane", "The control plane in one process, its instances simulated", Durability.None, ["hal", "reference"]);

    public static LoadTable Cluster { get; } = new(
        "cluster", "The control plane in this process, over HTTP, and as a cluster of silos, each a process", Durability.None, ClusterProbe.Columns);

    public static IReadOnlyList<LoadTable> All { get; } = [None, Commit, Types, Tree, Plane, Cluster];
}
