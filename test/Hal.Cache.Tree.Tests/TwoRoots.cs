using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>
/// One tree for all tests of a class: two roots with half of the slots each, a branch below the second one, a leaf below that; and a stray
/// leaf that was told the roots the wrong way round.
/// </summary>
public sealed class TwoRoots : IDisposable
{
    /// <summary>All but the stray.</summary>
    public static readonly string[] Names = ["east", "west", "branch", "leaf"];

    /// <summary>Hash tags whose slots are those of the first root, which is the default one, and of the second.</summary>
    public const string East = "{b}", West = "{a}";

    public TreeProcesses Tree { get; } = TreeProcesses.Started(
        new SiloProcessOptions
        {
            Memory = "64mb", Disk = "256mb", Durability = "commit", WithPlane = true, Roots = ["east=0-8191", "west=8192-16383"],
            Further = new Dictionary<string, IReadOnlyList<string>> { ["stray"] = ["--roots", "west=0-8191", "--roots", "east=8192-16383"] },
        },
        ("east", null), ("west", null), ("branch", "west"), ("leaf", "branch"), ("stray", "west"));

    public RespTestClient Connect(string name) => new(Tree[name].Port);

    public void Dispose() => Tree.Dispose();
}
