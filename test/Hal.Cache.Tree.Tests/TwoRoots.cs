using Hal.Cache.Testing.Clients;
using Hal.Cache.Testing.Processes;

namespace Hal.Cache.Tree.Tests;

/// <summary>One tree for all tests of a class: two roots with half of the slots each, a branch below the second one, a leaf below that.</summary>
public sealed class TwoRoots : IDisposable
{
    public static readonly string[] Names = ["east", "west", "branch", "leaf"];

    /// <summary>Hash tags whose slots are those of the first root, which is the default one, and of the second.</summary>
    public const string East = "{b}", West = "{a}";

    public TreeProcesses Tree { get; } = TreeProcesses.Started(
        new SiloProcessOptions { Memory = "64mb", Disk = "256mb", Durability = "commit", WithPlane = true, Roots = ["east=0-8191", "west=8192-16383"] },
        ("east", null), ("west", null), ("branch", "west"), ("leaf", "branch"));

    public RespTestClient Connect(string name) => new(Tree[name].Port);

    public void Dispose() => Tree.Dispose();
}
